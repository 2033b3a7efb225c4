"""What senders and other servers must keep to, on and off, below and above each limit (rows PO01-PO11)."""

from __future__ import annotations

import contextlib
import json
import smtplib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from changing import changed
from desktop import Desktop
from office import DOMAIN, Office, until

PAGE, GENERAL = "mail_delivery.security", "mail_delivery.general"
SENDER = "friend@world.example"


@pytest.fixture
def zone(server: Office) -> Iterator[dict[str, Any]]:
    """Names for the length of a test: what is put in here is known outside once `published` has written it."""
    file = server.machine.folder / "zone.json"
    before = file.read_text() if file.exists() else "{}"
    yield json.loads(before)
    file.write_text(before)


def publish(server: Office, zone: dict[str, Any]) -> None:
    (server.machine.folder / "zone.json").write_text(json.dumps(zone))


def answer(
    server: Office, *, sender: str = SENDER, helo: str = "mx.world.example", last: int = 9, to: str = f"ben@{DOMAIN}"
) -> tuple[int, str]:
    """(code, words) of the first answer that is no yes, else of the last one."""
    with server.smtp(source=server.address(last)) as client:
        for said in (client.ehlo(helo), client.mail(sender), client.rcpt(to)):
            if said[0] != 250:
                break
        with contextlib.suppress(smtplib.SMTPServerDisconnected):
            client.rset()
        return said[0], said[1].decode()


def greeting(server: Office, last: int) -> tuple[socket.socket, str]:
    """A connection and the first line that it was told."""
    link = server.connect(25, source=server.address(last))
    return link, link.recv(512).decode()


def explained(server: Office, sender: str) -> list[str]:
    """What the journal tells of the newest message of a sender."""
    found = until(lambda: server.ctl("messages", sender)["messages"], 20, f"a record of {sender}")
    return list(server.ctl("explain", found[0]["id"])["explain"])


def test_senders_without_a_full_domain(server: Office) -> None:
    """PO01."""
    assert answer(server, sender="anna@office")[0] == 250
    with changed(server, PAGE, sender_fqdn="yes"):
        assert answer(server, sender="anna@office")[0] == 504
        assert answer(server)[0] == 250 and answer(server, sender="")[0] == 250
        assert any("Reject senders without" in line for line in explained(server, "anna@office"))


def test_senders_of_unknown_domains(server: Office, zone: dict[str, Any]) -> None:
    """PO02: a definite no is a no; while DNS fails, mail waits."""
    zone |= {"fails.po.example": "servfail", "known.po.example": {"A": ["192.0.2.80"]}, "gone.po.example": "nxdomain"}
    publish(server, zone)
    assert answer(server, sender="a@gone.po.example")[0] == 250
    with changed(server, PAGE, sender_domain="yes"):
        assert answer(server, sender="b@gone.po.example")[0] == 550
        assert answer(server, sender="b@fails.po.example")[0] == 450
        assert answer(server, sender="b@known.po.example")[0] == 250
        assert any("unknown domains" in line for line in explained(server, "b@gone.po.example"))


def test_clients_whose_name_is_unknown(server: Office, zone: dict[str, Any]) -> None:
    """PO03: the address needs a name, and the name must lead back to it."""
    reverse = f"{server.number}.77.10.in-addr.arpa"
    zone |= {
        f"10.{reverse}": {"PTR": ["honest.po.example."]},
        "honest.po.example": {"A": [server.address(10)]},
        f"11.{reverse}": {"PTR": ["liar.po.example."]},
        "liar.po.example": {"A": ["192.0.2.11"]},
    }
    publish(server, zone)
    assert answer(server, last=12, sender="before@world.example")[0] == 250
    with changed(server, PAGE, client_name="yes"):
        assert answer(server, last=10)[0] == 250
        assert answer(server, last=11)[0] == 550
        assert answer(server, last=12, sender="nameless@world.example")[0] == 550
        with server.submission("ben") as client:
            assert client.mail(f"ben@{DOMAIN}")[0] == 250 and client.rcpt("friend@world.example")[0] == 250
        assert any("unknown client hostnames" in line for line in explained(server, "nameless@world.example"))


def test_connections_at_once(server: Office) -> None:
    """PO04: at the limit and above it, each address for itself, until one leaves."""
    with changed(server, PAGE, connections_at_once=2), contextlib.ExitStack() as stack:
        held = [stack.enter_context(contextlib.closing(greeting(server, 13)[0])) for _ in range(2)]
        third, words = greeting(server, 13)
        assert words.startswith("421 ")
        third.close()
        other, words = greeting(server, 14)
        assert words.startswith("220 ")
        other.close()
        held[0].sendall(b"QUIT\r\n")
        assert held[0].recv(100).startswith(b"221")
        held[0].close()

        def free() -> bool:
            link, told = greeting(server, 13)
            link.close()
            return told.startswith("220 ")

        until(free, 20, "there is room again")


def test_messages_in_a_minute(server: Office) -> None:
    """PO05."""
    with changed(server, PAGE, messages_per_minute=2), server.smtp(source=server.address(15)) as client:
        client.ehlo("mx.world.example")
        for _ in range(2):
            assert client.mail(SENDER)[0] == 250
            client.rset()
        assert client.mail(SENDER)[0] == 450
        assert answer(server, last=16)[0] == 250
    assert answer(server, last=15)[0] == 250


def test_connections_in_a_minute_and_whom_no_limit_holds(server: Office) -> None:
    """PO06, and the networks that need no sign-in, which no limit holds."""
    codes = []
    trusted = {"skip_auth_on_lan": "yes", "lan_networks": [f"{server.address(18)}/32"]}
    with changed(server, GENERAL, **trusted), changed(server, PAGE, connections_per_minute=3):
        for last in (17, 18):
            for _ in range(5):
                link, words = greeting(server, last)
                codes.append(words[:3])
                link.close()
    assert codes == ["220"] * 3 + ["421"] * 2 + ["220"] * 5


def test_commands_that_do_not_wait(server: Office) -> None:
    """PO07: after HELO, which knows no pipelining."""
    talk = f"HELO mx.world.example\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<ben@{DOMAIN}>\r\nQUIT\r\n".encode()

    def told() -> list[str]:
        link = server.connect(25, source=server.address(9))
        assert link.recv(512).startswith(b"220")
        link.sendall(talk)
        with link, link.makefile("rb") as lines:
            return [line[:3].decode() for line in lines]

    assert "554" in told()
    with changed(server, PAGE, pipelining="no"):
        assert told() == ["250", "250", "250", "221"]


def test_names_in_helo(server: Office, zone: dict[str, Any]) -> None:
    """PO08, PO09."""
    zone["known.helo.example"] = {"A": ["192.0.2.81"]}
    zone["unknown.helo.example"] = "nxdomain"
    publish(server, zone)
    assert {answer(server, helo=name)[0] for name in ("office", "192.0.2.7", "unknown.helo.example")} == {250}
    with changed(server, PAGE, helo_fqdn="yes"):
        assert answer(server, helo="office", sender="po8@world.example")[0] == 504
        assert answer(server, helo="192.0.2.7")[0] in (501, 504)
        assert {answer(server, helo=name)[0] for name in ("unknown.helo.example", "[192.0.2.7]")} == {250}
        assert any("without fully qualified" in line for line in explained(server, "po8@world.example"))
    with changed(server, PAGE, helo_name="yes"):
        assert answer(server, helo="unknown.helo.example", sender="po9@world.example")[0] == 550
        assert answer(server, helo="known.helo.example")[0] == 250
        assert any("unknown HELO" in line for line in explained(server, "po9@world.example"))


def test_commands_that_lead_to_no_mail(server: Office) -> None:
    """PO11: within the limit nothing happens; beyond it they count as errors, and twenty errors end the session."""

    def noops(many: int) -> int:
        """How many were answered before the session ended."""
        with server.smtp(source=server.address(9)) as client:
            client.ehlo("mx.world.example")
            for number in range(many):
                try:
                    if client.noop()[0] != 250:
                        return number
                except smtplib.SMTPServerDisconnected:
                    return number
            return many

    assert noops(60) == 60
    with changed(server, PAGE, junk_commands=3):
        assert 3 < noops(60) < 60


def guess(server: Office, *names: str, last: int = 19) -> list[int]:
    """The answers to MAIL FROM and to each recipient."""
    with server.smtp(source=server.address(last)) as client:
        client.ehlo("mx.world.example")
        codes = [client.mail("guesser@world.example")[0]]
        return codes + [client.rcpt(f"{name}@{DOMAIN}")[0] for name in names]


def test_who_guesses_accounts_is_blocked_for_the_day(server: Office) -> None:
    """PO10: exact under parallel connections, told, survives restarts, can be lifted; others are not touched."""
    desktop, address = Desktop(server), server.address(19)

    def blocked() -> list[dict[str, Any]]:
        return [one for one in desktop.get("api/bans")["bans"] if one["kind"] == "mail"]

    def events() -> list[str]:
        return [one["text"] for one in server.ctl("events", "--kind", "signin")]

    with changed(server, PAGE, unknown_accounts=12):
        with ThreadPoolExecutor(4) as crowd:
            told = list(crowd.map(lambda turn: guess(server, *(f"nobody{turn}{n}" for n in range(3))), range(4)))
        assert told == [[250, 550, 550, 550]] * 4
        assert guess(server, "ben", "nobody00") == [250, 250, 550] and blocked() == []
        assert guess(server, "one-too-many") == [250, 550]
        until(lambda: guess(server) == [554], 10, "blocked from now on")
        assert guess(server, "nobody", last=18) == [250, 550]
        (told_ban,) = blocked()
        assert (told_ban["value"], told_ban["failures"]) == (address, 13)
        until(lambda: any(address in text for text in events()), 10, "the job process tells of it")
        for service in ("filter", "postfix"):
            server.inside("s6-svc", "-wR", "-T", "30000", "-r", f"/run/service/{service}")
        until(lambda: guess(server) == [554], 30, "blocked after a restart, too")
        assert any("non-existent accounts" in line for line in explained(server, "guesser@world.example"))
        assert server.ctl("bans", "list")["bans"][-1]["kind"] == "mail"
        desktop.post("api/bans/unblock", address=address)
        assert blocked() == [] and guess(server, "ben") == [250, 250]
        assert f"Let {address} send mail again." in events()
    with changed(server, PAGE, unknown_accounts=0):
        assert guess(server, *(f"nobody{n}" for n in range(15))) == [250] + [550] * 15 and guess(server) == [250]
