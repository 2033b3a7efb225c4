"""What was opened ends when its ground ends: what is seen, what is marked, what is ended, and again when it failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from account_house import House

from mailroom.core.problems import Invalid, NotFound, Unavailable
from mailroom.daemons.dovecot.connections import Connection, listed
from mailroom.flows import session_grounds
from mailroom.flows.open_sessions import OpenSessions
from mailroom.flows.session_grounds import MAIL, SCRIPT, TABLE, WINDOW, lost, marked
from mailroom.store.accounts import ACTIVATE, DEACTIVATE, Account
from mailroom.store.window_sessions import WindowSessionStore

ANNA = Account("anna", "Anna", 1030, choice=ACTIVATE, seat=True, password_mark="k:1")
ALICE = {"user": "anna", "opened": 1.0, "until": 9.0, "address": "192.0.2.7"}


def test_each_kind_has_one_end_for_each_ground() -> None:
    assert set(MAIL) | set(WINDOW) == {"portal", "portal_stream", "imap", "pop3", "smtp", "window", "window_stream"}
    for ground, ends in TABLE.items():
        assert ends, ground
        assert set(ends) <= {*MAIL, *WINDOW, *SCRIPT}
        # What ends all of a user's mail ends every kind of it.
        assert set(ends) >= set(MAIL) or not set(ends) & set(MAIL)


@pytest.mark.parametrize(
    ("now", "ground"),
    [
        (ANNA, ""),
        (replace(ANNA, full_name="Anna Adler", admin=True), ""),
        (replace(ANNA, password_mark="k:2"), session_grounds.PASSWORD_CHANGED),
        (replace(ANNA, password_mark="other:2"), ""),
        (replace(ANNA, password_mark=""), ""),
        (replace(ANNA, disabled=True), session_grounds.DISABLED),
        (replace(ANNA, missing_since=5.0), session_grounds.GONE),
        (replace(ANNA, uid=1031), session_grounds.GONE),
        (None, session_grounds.GONE),
        (replace(ANNA, choice=DEACTIVATE, seat=False), session_grounds.DEACTIVATED),
        (replace(ANNA, seat=False), session_grounds.SEAT_LOST),
    ],
)
def test_grounds_that_are_lost(now: Account | None, ground: str) -> None:
    assert [one for _, one in lost([ANNA], [now] if now else [])] == ([ground] if ground else [])
    if ground and now:
        (over,) = marked([now], {"anna": ground}, 7.0)
        assert over.ended_mail == 7.0 and over.ended_window == (7.0 if "window" in TABLE[ground] else None)


class Parts:
    """The sign-in service and Dovecot, which can be down."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.kicked: list[tuple[str, str]] = []
        self.down = False
        self.open = [
            Connection("anna", "imap", "192.0.2.7"), Connection("anna", "imap", "192.0.2.7"),
            Connection("anna", "imap", "127.0.0.1"), Connection("ben", "pop3", "192.0.2.8"),
        ]  # fmt: skip

    def signin(self, operation: str, **more: Any) -> Any:
        if self.down:
            raise Unavailable("signin does not answer.")
        self.asked.append((operation, more))
        return {"sessions": [{"id": "p1", **ALICE}], "user": "anna", "ended": 1}

    def connections(self) -> list[Connection]:
        return self.open

    def kick(self, user: str, address: str = "") -> None:
        if self.down:
            raise Unavailable("Dovecot does not answer.")
        self.kicked.append((user, address))


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def sessions(synced: House, parts: Parts, tmp_path: Path) -> OpenSessions:
    made = OpenSessions(
        WindowSessionStore(tmp_path / "window.sqlite"),
        synced.store,
        synced.events,  # type: ignore[arg-type]
        synced.accounts.end_sessions,
        signin=parts.signin,
        mailboxes=parts,
        clock=synced.clock,  # type: ignore[arg-type]
    )
    synced.accounts.on_lost, synced.accounts.end_lost = made.lost, made.try_again
    synced.activate("anna", "bert")
    parts.kicked.clear()
    return made


def change_password(house: House, name: str, mark: str) -> None:
    user = next(one for one in house.host.users if one["name"].lower() == name)
    user["password_mark"] = mark
    house.accounts.sync_now()


def test_a_changed_password_ends_what_is_open_once(synced: House, sessions: OpenSessions, parts: Parts) -> None:
    change_password(synced, "anna", "k:1")
    assert parts.kicked == [], "the first mark is no change"
    sessions.window("anna", "w1", "192.0.2.7")
    synced.clock.time_s += 60
    change_password(synced, "anna", "k:2")
    assert parts.kicked == [("anna", "")] and ("sessions_end", {"user": "anna"}) in parts.asked
    assert sessions.window("anna", "w1", "192.0.2.7") == {"ended": True}
    synced.clock.time_s += 60
    assert sessions.window("anna", "w2", "192.0.2.7") == {"ended": False}
    synced.accounts.sync_now()
    assert len(parts.kicked) == 1
    assert any("the password was changed" in text for kind, text in synced.events.told if kind == "session")
    assert not any(text.startswith("Changed:") for _, text in synced.events.told)


def test_the_filter_is_told_before_connections_are_ended(synced: House, sessions: OpenSessions, parts: Parts) -> None:
    seen: list[str] = []
    parts.kick = lambda user, address="": seen.append((synced.folder / "facts.json").read_text())  # type: ignore[method-assign]
    synced.accounts.apply({"Anna" if synced.store.find("anna").name == "Anna" else "anna": "deactivate"})  # type: ignore[union-attr]
    assert '"ended": {"anna": ' in seen[0]
    account = synced.store.find("anna")
    assert account and account.ended_mail and account.ended_window is None, "who has no mail may use the window"


def test_what_could_not_be_ended_is_tried_again(synced: House, sessions: OpenSessions, parts: Parts) -> None:
    parts.down = True
    sessions.end_all("anna", "admin", "")
    assert sessions.waiting == {"anna"} and parts.kicked == []
    parts.down = False
    sessions.try_again()
    assert sessions.waiting == set() and parts.kicked == [("anna", "")]


def test_a_process_that_was_killed_in_between_goes_on(synced: House, sessions: OpenSessions, parts: Parts) -> None:
    parts.down = True
    sessions.end_all("anna", "admin", "")
    more: dict[str, Any] = {"signin": parts.signin, "mailboxes": parts, "clock": synced.clock}
    again = OpenSessions(sessions.store, synced.store, synced.events, synced.accounts.end_sessions, **more)  # type: ignore[arg-type]
    assert again.waiting == {"anna"}


def test_the_list_and_its_ends(synced: House, sessions: OpenSessions, parts: Parts) -> None:
    sessions.window("anna", "w1", "192.0.2.9")
    found = {(one["kind"], one["id"]): one for one in sessions.listed()["sessions"]}
    assert found.keys() == {
        ("portal", "p1"), ("window", "w1"), ("imap", "anna 192.0.2.7"), ("pop3", "ben 192.0.2.8"),
    }  # fmt: skip
    assert found["imap", "anna 192.0.2.7"]["connections"] == 2
    assert {one["user"] for one in sessions.listed("ben")["sessions"]} == {"ben"}
    sessions.end("portal", "p1", "admin", "")
    sessions.end("imap", "anna 192.0.2.7", "admin", "")
    assert parts.kicked == [("anna", "127.0.0.1"), ("anna", "192.0.2.7")]
    sessions.end("window", "w1", "anna", "", user="anna")
    assert sessions.window("anna", "w1", "192.0.2.9") == {"ended": True}
    assert ("window", "w1") not in {(one["kind"], one["id"]) for one in sessions.listed()["sessions"]}


def test_nobody_ends_what_is_somebody_elses(sessions: OpenSessions) -> None:
    for kind, id in (("pop3", "ben 192.0.2.8"), ("portal", "p9"), ("imap", "anna 127.0.0.1")):
        with pytest.raises(NotFound):
            sessions.end(kind, id, "anna", "", user="anna")
    with pytest.raises(Invalid):
        sessions.end("smtp", "x", "anna", "")
    with pytest.raises(NotFound):
        sessions.end_all("nobody", "admin", "")


def test_a_session_of_the_window_is_one_users(sessions: OpenSessions) -> None:
    assert sessions.window("anna", "w1", "192.0.2.9") == {"ended": False}
    assert sessions.window("bert", "w1", "192.0.2.9") == {"ended": True}


def test_doveadms_table_is_read() -> None:
    told = "username\tproto\tpid\tip\nanna\timap\t73\t::1\nben\tpop3\t77\t192.0.2.8\n"
    assert listed(told) == [Connection("anna", "imap", "::1"), Connection("ben", "pop3", "192.0.2.8")]
    assert listed("") == [] and listed("username\tproto\tpid\tip\n") == []
