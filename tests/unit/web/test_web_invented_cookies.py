"""Cookies that somebody invents cost no sign-in to IMAP, and no client takes every place."""

from __future__ import annotations

import asyncio

import pytest

from mailroom.core.problems import TooMany, Unavailable
from mailroom.web import asking
from mailroom.web.places import Places
from mailroom.web.portal import sessions
from mailroom.web.portal.imap import pool
from mailroom.web.portal.sessions import MISSES_MAX, Session

ANNA = Session("anna", "mrs1." + "A" * 43)
HERE, THERE = "192.0.2.7", "192.0.2.8"


class SignIn:
    """The sign-in service, which pretends."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.asked = 0
        self.down = False

    def __call__(self, operation: str, **facts: str) -> dict[str, bool]:
        assert operation == "session_is_open"
        self.asked += 1
        if self.down:
            raise Unavailable("Not now.")
        return {"open": facts["token"] in self.open}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> SignIn:
    def connects(*_: object) -> None:
        raise AssertionError("an IMAP connection was made")

    found = SignIn()
    monkeypatch.setattr(asking, "signin", found)
    monkeypatch.setattr(sessions, "_proven", {})
    monkeypatch.setattr(sessions, "_misses", sessions.Misses())
    monkeypatch.setattr(pool.POOL, "connect", connects)
    return found


def invented(number: int) -> Session:
    return Session("anna", f"mrs1.{number:043}")


def test_an_open_session_is_asked_about_once_in_a_while(service: SignIn) -> None:
    service.open.add(ANNA.token)
    assert sessions.proven(ANNA, HERE) and sessions.proven(ANNA, HERE) and service.asked == 1
    sessions.forget(ANNA)
    service.open.clear()
    assert not sessions.proven(ANNA, HERE) and service.asked == 2


def test_invented_cookies_make_no_connection_and_end_at_a_limit(service: SignIn) -> None:
    service.open.add(ANNA.token)
    for number in range(MISSES_MAX):
        assert not sessions.proven(invented(number), HERE)
    with pytest.raises(TooMany) as refused:
        sessions.proven(invented(MISSES_MAX), HERE)
    assert service.asked == MISSES_MAX and 1 <= refused.value.more["retry_after_s"] <= sessions.MISSES_FOR_S
    assert sessions.proven(ANNA, THERE) and sessions.proven(ANNA, HERE), "who has signed in goes on"


def test_a_client_with_a_network_is_one_client(service: SignIn) -> None:
    for number in range(MISSES_MAX):
        sessions.proven(invented(number), f"2001:db8::{number:x}")
    with pytest.raises(TooMany):
        sessions.proven(ANNA, "2001:db8::1:1")
    assert not sessions.proven(ANNA, "2001:db8:0:1::1")


def test_the_wait_ends(service: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(MISSES_MAX):
        sessions.proven(invented(number), HERE)
    sessions._misses.until = 0.0
    assert not sessions.proven(ANNA, HERE)


def test_what_cannot_be_told_is_no_miss(service: SignIn) -> None:
    service.down = True
    with pytest.raises(Unavailable):
        sessions.proven(ANNA, HERE)
    assert sessions._misses.counts == {}


def test_one_client_leaves_places_to_others() -> None:
    async def run() -> None:
        places, leave = Places(3, 2), asyncio.Event()
        began: list[str] = []

        async def ask(address: str) -> None:
            async with places.one(address, 30.0):
                began.append(address)
                await leave.wait()

        tasks = [asyncio.create_task(ask(HERE)) for _ in range(10)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(ask(THERE)))
        for _ in range(5):
            await asyncio.sleep(0)
        assert began == [HERE, HERE, THERE]
        with pytest.raises(TimeoutError):
            async with places.one(HERE, 0.01):
                raise AssertionError
        leave.set()
        await asyncio.gather(*tasks)
        assert places.clients == {} and not places.free.locked()

    asyncio.run(run())


def test_a_session_that_worked_lately_is_not_shut_out_by_others_behind_its_router(
    service: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(sessions.time, "monotonic", lambda: now[0])
    service.open.add(ANNA.token)
    assert sessions.proven(ANNA, HERE)
    for number in range(MISSES_MAX):
        assert not sessions.proven(invented(number), HERE)
    now[0] += sessions.PROVEN_S + 1
    with pytest.raises(TooMany):
        sessions.proven(invented(1), HERE)
    assert sessions.proven(ANNA, HERE)
    # Once it is closed it is a cookie like any other.
    service.open.clear()
    now[0] += sessions.PROVEN_S + 1
    assert not sessions.proven(ANNA, HERE)
    with pytest.raises(TooMany):
        sessions.proven(ANNA, HERE)
