"""Requests and event streams of sessions that were ended; which session of the desktop asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from test_web_hub import Front

from mailroom.accounts.signin import sessions as tokens
from mailroom.core.problems import Unavailable
from mailroom.web import asking, guards, heads, streams, waiting
from mailroom.web.guards import SignedOut
from mailroom.web.heads import Head
from mailroom.web.portal import sessions
from mailroom.web.route import WINDOW, routes
from mailroom.web.streams import Event
from mailroom.web.tools import Asking

CLIENT = "192.0.2.7"


def passed(cookie: str, user: str = "anna", **more: str) -> str:
    known = [("cookie", cookie), *((name.replace("_", "-"), value) for name, value in more.items())]
    return heads.passed_on(Head("GET", "/api/session", known), WINDOW, "192.0.2.7", user).decode()


def session_in(head: str) -> str:
    found = [line for line in head.split("\r\n") if line.startswith("x-mailroom-session: ")]
    return found[0].partition(": ")[2] if found else ""


def test_the_hub_names_the_session_of_the_desktop_and_passes_nothing_of_it() -> None:
    head = passed("other=1; id=SECRET; smid=2", x_mailroom_session="forged")
    assert session_in(head) and "SECRET" not in head and "forged" not in head
    assert session_in(head) == session_in(passed("id=SECRET")) != session_in(passed("id=OTHER"))
    assert session_in(passed("id=SECRET", user="")) == "" == session_in(passed("xid=SECRET"))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    facts: dict[str, Any] = {"ended": False, "open": True, "role": "admin"}
    monkeypatch.setattr(waiting, "is_waiting", lambda: False)
    monkeypatch.setattr(asking, "window_is_over", lambda user, session, address: facts["ended"])
    monkeypatch.setattr(asking, "portal_is_open", lambda user, token: facts["open"])
    monkeypatch.setattr(asking, "person", lambda name: {"role": facts["role"]})
    return facts


def test_a_session_that_was_ended_is_refused_on_every_route_of_the_window(told: dict[str, Any]) -> None:
    known = {"x-mailroom-user": "anna", "x-mailroom-address": "192.0.2.7", "x-mailroom-session": "w1"}
    for route in routes(WINDOW):
        asked = Asking(WINDOW, route.method, route.path, "", known, None)  # type: ignore[arg-type]
        told["ended"] = False
        assert guards.let_in(route, asked).desktop == "w1"
        told["ended"] = True
        with pytest.raises(SignedOut):
            guards.let_in(route, asked)


def test_streams_end_with_their_session(told: dict[str, Any]) -> None:
    window = {"person": "anna", "desktop": "w1", "address": "192.0.2.7", "token": ""}
    portal = {"user": "anna", "token": "t", "key": "k"}
    assert guards.still_allowed(window) and guards.still_allowed(portal)
    told |= {"ended": True, "open": False}
    assert not guards.still_allowed(window) and not guards.still_allowed(portal)


def test_a_stream_of_the_portal_is_closed_when_it_may_go_on_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LOOK_AGAIN_EVERY_S", 0.01)

    async def nothing() -> AsyncIterator[Event]:
        await asyncio.Event().wait()
        yield "never", {}

    async def inner(head: bytes, writer: asyncio.StreamWriter) -> None:
        told_ = b'{"channel": "test", "user": "anna", "token": "t"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Mailroom-Stream: %b\r\n\r\n" % told_)

    async def listened() -> int:
        async with Front(tmp_path, inner, nothing) as front:
            answers = [True, True, False]
            front.streams.allowed = lambda facts: answers.pop(0)
            assert b"text/event-stream" in await front.ask(b"GET /mail/api/events HTTP/1.1\r\nHost: x\r\n\r\n")
            return len(answers)

    assert asyncio.run(listened()) == 0


def test_the_sign_in_service_is_asked_for_a_token_soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    session = sessions.Session("anna", "mrs1." + "x" * 43)
    now, answers = [100.0], [True, False]
    monkeypatch.setattr(sessions.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(asking, "portal_is_open", lambda user, token: answers.pop(0))
    sessions.forget(session)
    assert sessions.proven(session, CLIENT) and sessions.proven(session, CLIENT) and answers == [False]
    now[0] += sessions.PROVEN_S + 0.1
    assert sessions.PROVEN_S <= 5 and not sessions.proven(session, CLIENT)


def test_while_nobody_can_tell_nobody_is_signed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(user: str, token: str) -> bool:
        raise Unavailable("signin does not answer.")

    session = sessions.Session("ben", "mrs1." + "y" * 43)
    monkeypatch.setattr(asking, "portal_is_open", down)
    with pytest.raises(Unavailable):
        sessions.proven(session, CLIENT)


def test_sessions_of_the_portal_are_listed_and_closed_by_a_name_that_opens_nothing() -> None:
    now = [0.0]
    known = tokens.Sessions(lambda: now[0])
    first, second, other = known.open("anna", "192.0.2.7"), known.open("anna"), known.open("ben")
    told_ = known.listed()
    assert [one["user"] for one in told_] == ["ben", "anna", "anna"] and told_[2]["address"] == "192.0.2.7"
    assert told_[2]["id"] == tokens.id_of(first) and first not in str(told_)
    assert known.close_id(tokens.id_of(first)) == "anna" and known.close_id(tokens.id_of(first)) == ""
    assert not known.is_open("anna", first) and known.is_open("anna", second)
    assert known.close_all("anna") == 1 and known.is_open("ben", other)
    now[0] = tokens.LIFE_S + 1
    assert known.listed() == []
