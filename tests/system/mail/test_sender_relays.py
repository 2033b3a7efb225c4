"""Mail of some sender domains through servers of their own, each of which demands what it likes (X06-05)."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_relay import CERTIFICATES, FRIEND, flush, has

from changing import changed, newest_revision
from desktop import Desktop
from office import DOMAIN, Office, until
from relay_server import ACCOUNT, PASSWORD, RelayServer, certificate

PAGE = "mail_delivery.delivery"
SECOND = "second.example"
NAMES = {9: "smtp.first-house.example", 10: "smtp.second-house.example"}
SIGNED_IN = {"account": ACCOUNT, "password": PASSWORD}


@pytest.fixture
def houses(server: Office, tmp_path: Path) -> Iterator[dict[int, Path]]:
    """Two relays' names lead to strangers' addresses; the NAS trusts their certificates, which are here by address."""
    zone = server.machine.folder / "zone.json"
    before = zone.read_text() if zone.exists() else "{}"
    known = {name: {"A": [server.address(last)]} for last, name in NAMES.items()}
    zone.write_text(json.dumps({**json.loads(before), **known}))
    files = {last: certificate(tmp_path, name) for last, name in NAMES.items()}
    server.machine.run("cp", CERTIFICATES, f"{CERTIFICATES}.before")
    for file in files.values():
        public = file.read_text().partition("-----BEGIN CERTIFICATE-----")
        server.machine.run("sh", "-c", f"cat >>{CERTIFICATES} <<'END'\n{public[1]}{public[2]}END")
    # Ben sends as others, too; who may is another matter (test_own_senders).
    with changed(server, "mail_delivery.general", sender_equals_login=False):
        yield files
    server.machine.run("mv", f"{CERTIFICATES}.before", CERTIFICATES)
    zone.write_text(before)


@contextlib.contextmanager
def house(server: Office, last: int, **demands: Any) -> Iterator[tuple[RelayServer, int]]:
    link = server.socket(source=server.address(last))
    with RelayServer(link, **demands) as made:
        yield made, link.getsockname()[1]


def item(domain: str, last: int, port: int, **more: Any) -> dict[str, Any]:
    return {"domain": domain, "server": NAMES[last], "port": port, **more}


def send(server: Office, domain: str) -> str:
    """Ben writes to somebody outside as a sender at this domain; the subject."""
    subject = f"from {domain} {secrets.token_hex(4)}"
    with server.submission("ben") as client:
        client.send_message(server.mail(subject, to=FRIEND, sender=f"ben@{domain}"))
    return subject


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_each_sender_domain_has_its_own_server_and_password(server: Office, houses: dict[int, Path], tls: str) -> None:
    """One that demands TLS and signing in, one that offers neither; all other mail goes as before."""
    with (
        house(server, 9, file=houses[9], tls=tls, auth=True) as (first, port),
        house(server, 10) as (second, other),
    ):
        relays = [
            item(DOMAIN, 9, port, tls=tls, **SIGNED_IN),
            item(SECOND, 10, other, tls="offered"),
        ]
        # Else mail from a domain that is not ours would leave as mail of ours, and go where that goes.
        not_rewritten = changed(server, "mail_delivery.general", srs=False)
        with not_rewritten, changed(server, PAGE, sender_relays=relays):
            assert server.ctl("relay", "test", "--domain", DOMAIN)["ok"] and not first.messages
            one, two, third = send(server, DOMAIN), send(server, SECOND), send(server, "third.example")
            until(lambda: has(first, one), 60, "the first relay has it")
            until(lambda: has(second, two), 60, "the second relay has it")
            server.sent_out(third)
            assert len(first.messages) == len(second.messages) == 1
            assert first.signed_in and not second.signed_in
            server.deliver("stays in the house")
            assert server.arrived("ben", "stays in the house")
        direct = send(server, DOMAIN)
        server.sent_out(direct)
        assert not has(first, direct)


def test_beside_a_relay_for_all_other_mail(server: Office, houses: dict[int, Path]) -> None:
    """Two servers with TLS of different kinds: neither gets the other's way of talking, nor its password."""
    with (
        house(server, 9, file=houses[9], tls="implicit", auth=True) as (first, port),
        house(server, 10, file=houses[10], tls="starttls", auth=True) as (second, other),
    ):
        all_mail = {"enabled": "yes", "server": NAMES[9], "port": port, "implicit_tls": "yes"}
        account = {"authentication": "yes", "account": ACCOUNT, "password": PASSWORD}
        before = newest_revision(server)
        server.apply(PAGE, **all_mail, **account, sender_relays=[item(SECOND, 10, other, **SIGNED_IN)])
        try:
            one, two = send(server, DOMAIN), send(server, SECOND)
            until(lambda: has(first, one), 60, "the relay for all mail has it")
            until(lambda: has(second, two), 60, "the second relay has it")
            assert len(first.messages) == len(second.messages) == 1
        finally:
            server.ctl("settings", "put-back", str(before), "--page", PAGE)


def test_a_wrong_password_makes_mail_wait_until_it_is_right(server: Office, houses: dict[int, Path]) -> None:
    """Nothing is lost or sent back; the window says why; the password is shown nowhere."""
    with house(server, 9, file=houses[9], tls="starttls", auth=True) as (made, port):
        wrong = item(SECOND, 9, port, account=ACCOUNT, password="not this one")
        with changed(server, PAGE, sender_relays=[wrong]):
            subject = send(server, SECOND)

            def told() -> bool:
                problems = Desktop(server).get("api/overview")["problems"]
                return any(one["id"] == "relay" and "535" in one["text"] for one in problems)

            until(told, 60, "the window says why")
            found = server.ctl("settings", "get", f"{PAGE}.sender_relays")[0]
            assert found["password"] == {"set": True}
            files = server.inside("cat", "/data/conf/current/postfix/sender_relay_passwords")
            assert "not this one" not in files and "sealed:1:" in files
            server.apply(PAGE, sender_relays=[{**found, "password": PASSWORD}])
            flush(server)
            until(lambda: has(made, subject), 90, "the relay has it")
            # Beside another item, with the password as it is.
            kept = server.ctl("settings", "get", f"{PAGE}.sender_relays")[0]
            server.apply(PAGE, sender_relays=[kept, {**item(SECOND, 9, port), "domain": "third.example"}])
            again = send(server, SECOND)
            until(lambda: has(made, again), 60, "the relay has it")


def test_a_certificate_of_somebody_else_makes_mail_wait(
    server: Office, houses: dict[int, Path], tmp_path: Path
) -> None:
    """Until the admin says that it is not to be checked."""

    def waiting() -> str:
        return server.inside("postqueue", "-c", "/data/conf/current/postfix", "-p")

    demands = {"file": certificate(tmp_path, "another.example"), "tls": "starttls"}
    with (
        house(server, 9, **demands) as (made, port),
        changed(server, PAGE, sender_relays=[item(SECOND, 9, port)]),
    ):
        assert "certificate" in server.ctl("relay", "test", "--domain", SECOND)["steps"][2]["text"]
        subject = send(server, SECOND)
        until(lambda: "certificate" in waiting(), 60, "it waits and says why")
        assert not made.messages
        found = server.ctl("settings", "get", f"{PAGE}.sender_relays")[0]
        server.apply(PAGE, sender_relays=[{**found, "verify": False}])
        flush(server)
        until(lambda: has(made, subject), 90, "the relay has it")
