"""What a user has open ends: real sign-in service, job process, Dovecot and web process."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from portal_house import PASSWORDS, Browser, House, Window, until

ENDS_WITHIN_S = 10.0
IMAP_PORT = 5143
NEW = "dora's other secret"


def imap(house: House, user: str) -> socket.socket:
    """A connection of a mail program on this machine, signed in with the password."""
    link = house.connect(IMAP_PORT)
    link.recv(1000)
    link.sendall(f'a LOGIN {user} "{PASSWORDS[user]}"\r\n'.encode())
    assert b"a OK" in link.recv(2000)
    return link


def has_ended(link: socket.socket) -> Callable[[], bool]:
    """Whether the server has closed a connection on which nothing is asked."""
    link.settimeout(0.2)

    def ended() -> bool:
        try:
            while heard := link.recv(4096):
                if b"* BYE" in heard:
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    return ended


@pytest.fixture
def dora(house: House) -> Iterator[Browser]:
    browser = Browser(house, "192.0.2.60")
    assert browser.sign_in("dora").status == 200 and browser.ask("GET", "api/folders").status == 200
    yield browser
    house.set_password("dora", PASSWORDS["dora"])
    house.job("sync.now")


def test_a_changed_password_ends_portal_stream_and_mail_program(house: House, dora: Browser) -> None:
    link, stream = imap(house, "dora"), dora.events()[0]
    ben, other = Browser(house, "192.0.2.61"), imap(house, "ben")
    ben.sign_in("ben")
    house.set_password("dora", NEW)
    for ended in (has_ended(link), has_ended(stream), lambda: dora.ask("GET", "api/folders").status == 401):
        assert until(ended, ENDS_WITHIN_S)
    assert not has_ended(other)() and ben.ask("GET", "api/folders").status == 200
    assert dora.sign_in("dora", NEW).status == 200 and dora.ask("GET", "api/folders").status == 200


def test_a_session_of_the_window_ends_and_the_next_is_another_one(house: House) -> None:
    window = Window(house, "anna")

    def status(session: str) -> int:
        return window.ask("GET", "api/accounts", Cookie=f"id={session}; other=1").status

    assert (status("one"), status("two")) == (200, 200)
    shown = window.ask("GET", "api/sessions", Cookie="id=one").facts["sessions"]
    own = [one for one in shown if one["kind"] == "window"]
    assert [one["current"] for one in own].count(True) == 1
    first = next(one for one in own if one["current"])
    done = window.ask("POST", "api/sessions/end", {"kind": "window", "id": first["id"]}, Cookie="id=two")
    assert done.status == 200
    assert until(lambda: status("one") == 401, ENDS_WITHIN_S) and status("two") == 200
    house.job("sessions.end_all", user="anna", who="test", where="")
    assert until(lambda: status("two") == 401, ENDS_WITHIN_S) and status("three") == 200


def test_one_session_of_the_portal_is_ended_from_another(house: House, dora: Browser) -> None:
    second = Browser(house, "192.0.2.62")
    second.sign_in("dora")
    listed = {one["current"]: one for one in second.get("api/sessions")["sessions"] if one["kind"] == "portal"}
    assert listed[False]["address"] == "192.0.2.60"
    stream = dora.events()[0]
    ben = Browser(house, "192.0.2.63")
    ben.sign_in("ben")
    body = {"kind": "portal", "id": listed[False]["id"]}
    assert ben.ask("POST", "api/sessions/end", body).status == 404
    assert second.post("api/sessions/end", **body) == {"ended": 1}
    assert until(lambda: dora.ask("GET", "api/folders").status == 401, ENDS_WITHIN_S)
    assert until(has_ended(stream), ENDS_WITHIN_S)
    assert second.ask("GET", "api/folders").status == 200
