"""What was opened ends within 10 s when its ground ends; and sessions are listed and ended by hand."""

from __future__ import annotations

import contextlib
import imaplib
import poplib
import smtplib
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from typing import Any

import pytest

from changing import changed
from desktop import Desktop, Portal, Refusal, Script
from mailroom.flows import session_grounds
from mailroom.flows.session_grounds import TABLE
from office import DOMAIN, PACKAGE, Office, trusting, until

ENDS_WITHIN_S = 10.0
NAME, PASSWORD = "erik", "erik-Password-1"
TOKEN = "Monitoring of erik"


def pop3(server: Office, user: str) -> poplib.POP3:
    """A POP3 client that has signed in."""

    class Client(poplib.POP3):
        def _create_socket(self, timeout: Any) -> Any:
            return trusting().wrap_socket(server.connect(995), server_hostname="nas")

    client = Client("nas", 995)
    client.user(user)
    client.pass_(server.passwords[user])
    return client


@dataclass
class Opened:
    """Everything that one user has open: {kind: whether it works still}. Each is asked on its own connection."""

    alive: dict[str, Callable[[], bool]] = field(default_factory=dict)

    def ended(self, kinds: Set[str]) -> dict[str, float]:
        """{kind: seconds until it was over}, of those that ended within twice the limit."""
        started, found = time.monotonic(), {}
        while kinds - found.keys() and time.monotonic() - started < 2 * ENDS_WITHIN_S:
            for kind in kinds - found.keys():
                if not self.alive[kind]():
                    found[kind] = time.monotonic() - started
            time.sleep(0.3)
        return found


def works(ask: Callable[[], Any]) -> Callable[[], bool]:
    """Whether something still answers."""

    def tried() -> bool:
        try:
            ask()
        except (OSError, EOFError, imaplib.IMAP4.error, poplib.error_proto, smtplib.SMTPException, Refusal):
            return False
        return True

    return tried


@pytest.fixture(scope="module")
def pop3s(server: Office) -> Iterator[None]:
    """POP3 is off on a new server."""
    with changed(server, "service.protocol", pop3s_enabled=True):
        yield


@pytest.fixture
def opened(server: Office, pop3s: None) -> Iterator[Opened]:
    """A user with an open session of each kind."""
    server.machine.add_user(NAME, PASSWORD, "Erik", admin=True)
    server.passwords[NAME] = PASSWORD
    server.ctl("sync", "now")
    server.ctl("accounts", "activate", NAME)
    try:
        with contextlib.ExitStack() as stack:
            yield everything(server, stack)
    finally:
        put_seats_back(server)
        server.ctl("tokens", "revoke", TOKEN, check=False)
        server.ctl("accounts", "deactivate", NAME, check=False)
        server.machine.run("/usr/syno/bin/synouser", "--del", NAME, check=False)
        server.ctl("sync", "now")
        server.forgive(NAME)


def everything(server: Office, stack: contextlib.ExitStack) -> Opened:
    """A session of each kind, opened by the user."""
    imap, pop, smtp = server.imap(NAME), pop3(server, NAME), server.submission(NAME)
    portal, window = Portal(server), Desktop(server, NAME)
    portal.sign_in(NAME)
    script = Script(server, server.ctl("tokens", "create", TOKEN, "--scope", "server:read", "--for", NAME)["token"])
    mail_stream, window_stream, api_stream = (one.stream("api/events") for one in (portal, window, script))
    for one in (mail_stream, window_stream, api_stream):
        stack.callback(one.close)

    def sends() -> None:
        code = smtp.mail(f"{NAME}@{DOMAIN}")[0]
        smtp.rset()
        if code != 250:
            raise smtplib.SMTPException(code)

    return Opened(
        {
            "imap": works(lambda: imap.noop()),
            "pop3": works(lambda: pop.noop()),
            "smtp": works(sends),
            "portal": works(lambda: portal.ask("GET", "api/folders")),
            "portal_stream": mail_stream.is_open,
            "window": works(lambda: window.get("api/session")),
            "window_stream": window_stream.is_open,
            "api": works(lambda: script.get("api/overview")),
            "api_stream": api_stream.is_open,
        }
    )


# As the machine has it; the instance may not write there.
LICENCES = f"{PACKAGE}/target/root/opt/mailroom/app/mailroom/licences"
# Compiled modules are believed whatever their source says (PEP 552).
FEWER_SEATS = f"""
    cd {LICENCES} && cp -a table.py table.kept && mv __pycache__/table.*.pyc table.compiled
    sed 's/^FREE_SEATS = .*/FREE_SEATS = 3/' table.kept > table.py
"""
FORMER_SEATS = f"cd {LICENCES} && mv table.kept table.py && mv table.compiled __pycache__/table.cpython-311.pyc"


def lose_seat(server: Office) -> None:
    """A table of licences with fewer seats, as an upgrade may bring it: who asked last has none any more."""
    server.machine.run("sh", "-ec", FEWER_SEATS)
    restart_job(server)


def put_seats_back(server: Office) -> None:
    """The table of licences as it was, if lose_seat has changed it."""
    if "table.kept" in server.machine.run("ls", LICENCES).stdout:
        server.machine.run("sh", "-ec", FORMER_SEATS)
        restart_job(server)


def restart_job(server: Office) -> None:
    """Restart the job process, which answers before it ends, and wait for the next one."""
    former = server.daemon("job")["pid"]
    # It may end before it has answered.
    server.ctl("restart", "job", check=False)
    until(lambda: server.daemon("job")["pid"] not in (None, former) and server.ctl("accounts", "list"), 30)


LOST: dict[str, Callable[[Office], Any]] = {
    session_grounds.PASSWORD_CHANGED: lambda server: server.machine.set_password(NAME, "an-Other-Password-2"),
    session_grounds.DISABLED: lambda server: server.machine.run(
        "/usr/syno/bin/synouser", "--modify", NAME, "E", "1", ""
    ),
    session_grounds.DEACTIVATED: lambda server: server.ctl("accounts", "deactivate", NAME),
    session_grounds.SEAT_LOST: lose_seat,
    session_grounds.GONE: lambda server: server.machine.run("/usr/syno/bin/synouser", "--del", NAME),
    # As DSM's tool does it: the group's members, without this one.
    session_grounds.ROLE_LOST: lambda server: server.machine.run(
        "/usr/syno/bin/synogroup", "--member", "administrators", "admin", "anna"
    ),
    session_grounds.ENDED: lambda server: server.ctl("sessions", "end-all", NAME),
    session_grounds.TOKEN_REVOKED: lambda server: server.ctl("tokens", "revoke", TOKEN),
}


@pytest.mark.parametrize("ground", LOST)
def test_what_was_opened_ends_when_its_ground_ends(server: Office, opened: Opened, ground: str) -> None:
    alive = {kind for kind, asks in opened.alive.items() if asks()}
    assert alive == opened.alive.keys()
    LOST[ground](server)
    # Who is no administrator sees the window's own page still, and nothing else.
    ends = TABLE[ground].keys() - ({"window"} if ground == session_grounds.ROLE_LOST else set())
    found = opened.ended(ends)
    assert {kind: seconds for kind, seconds in found.items() if seconds <= ENDS_WITHIN_S}.keys() == ends, found
    goes_on = opened.alive.keys() - ends
    assert {kind for kind in goes_on if opened.alive[kind]()} == goes_on


def test_each_ground_of_the_table_is_lost_in_a_test() -> None:
    assert TABLE.keys() == LOST.keys()


def test_sessions_are_listed_and_ended_by_hand(server: Office, opened: Opened) -> None:
    admin = Desktop(server, "anna")
    own = [one for one in admin.get("api/sessions")["sessions"] if one["user"] == NAME]
    assert {one["kind"] for one in own} == {"portal", "window", "imap", "pop3"}
    assert all(one["address"] for one in own)
    for kind, also in (("portal", "portal_stream"), ("imap", "imap"), ("window", "window_stream")):
        one = next(one for one in own if one["kind"] == kind)
        admin.post("api/sessions/end", kind=kind, id=one["id"])
        found = opened.ended({kind, also})
        assert found.keys() == {kind, also} and max(found.values()) <= ENDS_WITHIN_S, found
    with pytest.raises(Refusal) as refused:
        admin.post("api/sessions/end", kind="portal", id=own[0]["id"] if own[0]["kind"] == "portal" else "x")
    assert refused.value.status == 404
    assert any("Ended a session of erik" in event["text"] for event in server.ctl("events", "--kind", "session"))


def test_a_user_sees_and_ends_only_own_sessions(server: Office, opened: Opened) -> None:
    ben = Portal(server)
    ben.sign_in("ben")
    other = Portal(server)
    other.sign_in("ben")
    own = ben.ask("GET", "api/sessions")["sessions"]
    assert {one["user"] for one in own} == {"ben"} and sum(one["current"] for one in own) == 1
    strange = next(one for one in server.ctl("sessions", "list")["sessions"] if one["user"] == NAME)
    with pytest.raises(Refusal) as refused:
        ben.ask("POST", "api/sessions/end", {"kind": strange["kind"], "id": strange["id"]})
    assert refused.value.status == 404
    mine = {one["id"] for one in own if one["kind"] == "portal" and not one["current"]}
    for id in mine:
        ben.ask("POST", "api/sessions/end", {"kind": "portal", "id": id})
    until(lambda: not works(lambda: other.ask("GET", "api/folders"))(), ENDS_WITHIN_S)
    assert ben.ask("GET", "api/folders")
