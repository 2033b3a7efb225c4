"""The web process when what it needs is down, when it was killed, when clients are slow, and before the activation."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Iterator

import pytest
from portal_house import Browser, House, Window, until

WAITING = {
    "command": "sudo sh /var/packages/Mailroom/target/bin/activate",
    "title": "Mail services wait for activation",
    "text": "Run this command once as root.",
}


def signed_in(house: House, user: str = "anna") -> Browser:
    browser = Browser(house, "192.0.2.40")
    assert browser.sign_in(user).status == 200
    return browser


def test_sign_in_service_down_is_not_signed_out(house: House) -> None:
    anna = signed_in(house)
    house.stop("signin", signal.SIGKILL)
    try:
        got = Browser(house, "192.0.2.41").sign_in("anna")
        assert (got.status, got.facts["code"]) == (503, "unavailable")
        # A token that was proved a moment ago is believed, one that cannot be proved is not called wrong.
        house.end_softly("serve")
        house.run("serve", "http", "127.0.0.1:5280")
        assert anna.ask("GET", "api/folders").status == 503
    finally:
        house.start_signin()
    # Sessions live in the memory of the service: they ended with it.
    assert until(lambda: anna.ask("GET", "api/folders").status == 401)
    assert signed_in(house).get("api/folders")["folders"]


def test_a_mailbox_with_too_many_connections_is_not_signed_out(house: House) -> None:
    """Dovecot counts them by user and address, and the portal's all come from this machine."""
    browsers = []
    for _ in range(60):
        browser = Browser(house, "192.0.2.31")
        assert browser.sign_in("ben").status == 200
        browsers.append(browser)
        answer = browser.ask("GET", "api/folders")
        if answer.status != 200:
            break
    assert (answer.status, answer.facts["code"]) == (503, "busy"), answer.body
    assert browser.ask("GET", "api/session").status == 200
    for browser in browsers:
        browser.ask("DELETE", "api/session")
    until(lambda: Browser(house).sign_in("ben").status == 200)


def test_dovecot_down_and_back(house: House) -> None:
    # Signing in asks for no mail: there is no connection yet that could live on for a while.
    ben = signed_in(house, "ben")
    house.stop("dovecot", signal.SIGTERM)
    try:
        got = ben.ask("GET", "api/folders")
        assert (got.status, got.facts["code"]) == (503, "unavailable") and got.facts["next"]
    finally:
        house.run("dovecot", "imap", "127.0.0.1:5143")
    assert ben.get("api/folders")["folders"]


def test_job_process_down_and_back(house: House) -> None:
    house.stop("job", signal.SIGKILL)
    try:
        assert until(lambda: Window(house).ask("GET", "api/settings").status == 503)
    finally:
        house.run("job", "line", "/run/mailroom/job.sock")
    assert Window(house).ask("GET", "api/settings").status == 200


def test_killed_web_process_comes_back_and_pages_go_on(house: House) -> None:
    anna = signed_in(house)
    csrf = anna.csrf
    house.stop("serve", signal.SIGKILL)
    house.run("serve", "http", "127.0.0.1:5280")
    assert anna.get("api/session")["csrf"] == csrf
    assert Window(house).get("api/session")["admin"] is True


def test_slow_clients_hold_up_nobody(house: House) -> None:
    anna = signed_in(house)
    links = []
    for turn in range(60):
        link = house.connect(5280)
        head = f"POST /mail/api/session HTTP/1.1\r\nHost: n\r\nContent-Length: 900\r\nX-Turn: {turn}\r\n"
        link.sendall(head.encode() if turn % 2 else head.encode() + b"\r\n{")
        links.append(link)
    streams = [anna.events() for _ in range(11)]
    assert anna.get("api/folders")["folders"] and Window(house).get("api/session")["admin"]
    for link in [*links, *(link for link, _ in streams)]:
        link.close()


def test_memory_stays_small(house: House) -> None:
    anna = signed_in(house)
    for _ in range(30):
        anna.messages()
    process = house.started["serve"].pid
    with open(f"/proc/{process}/task/{process}/children") as children:
        inner = children.read().split()
    with open(f"/proc/{inner[0] if inner else process}/smaps_rollup") as rollup:
        pss_kb = int(re.findall(r"^Pss: +(\d+)", rollup.read(), re.MULTILINE)[0])
    assert 5_000 < pss_kb < 60_000


@pytest.fixture
def waiting(house: House) -> Iterator[Window]:
    """The web process as an ordinary user on the host, before the activation on DSM 7."""
    house.end_softly("serve")
    house.host(
        "sh",
        "-c",
        "mkdir -p /waiting && cat >/waiting/waiting.json && chown -R 4711 /waiting",
        given=json.dumps(WAITING),
    )
    house.start(
        "waiting", "/", "setpriv", "--reuid=4711", "--regid=4711", "--clear-groups", "env",
        "MAILROOM_WAITING=/waiting/waiting.json", "MAILROOM_DATA=/waiting", "MAILROOM_RUN=/waiting/run",
        "python3.11", "-s", "-m", "mailroom", "serve",
    )  # fmt: skip
    path = house.outside("/waiting/relay/window.sock")
    try:
        until(lambda: _answers(str(path)))
        yield Window(house, socket_file=path)
    finally:
        house.stop("waiting", signal.SIGTERM)
        house.run("serve", "http", "127.0.0.1:5280")


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as link:
        return link.connect_ex(path) == 0


def test_before_the_activation_the_window_says_what_to_do(house: House, waiting: Window) -> None:
    session = waiting.get("api/session")
    assert session["activation"] == WAITING and session["admin"] is True and session["domain"] == ""
    health = waiting.get("api/overview")["health"]
    assert health["state"] == "attention" and WAITING["command"] in health["next"]
    refused = waiting.ask("GET", "api/settings")
    assert (refused.status, refused.facts["code"]) == (503, "waiting_for_activation")
    assert waiting.ask("GET", "api/events").status == 503
    clara = Window(house, "clara", socket_file=waiting.socket_file)
    assert clara.get("api/session")["admin"] is False and clara.ask("GET", "api/overview").status == 403
    assert Browser(house).sign_in("anna").status == 503
