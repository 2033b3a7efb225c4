"""Mail to others through a relay server that demands each thing (rows RL01-RL04)."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from changing import newest_revision
from desktop import Desktop, Refusal
from office import DOMAIN, PACKAGE, Office, until
from relay_server import ACCOUNT, PASSWORD, RelayServer, certificate

PAGE = "mail_delivery.delivery"
NAME = "smtp.relay-house.example"
CERTIFICATES = f"{PACKAGE}/target/root/etc/ssl/certs/ca-certificates.crt"
FRIEND = "friend@world.example"
SIGNED_IN = {"authentication": "yes", "account": ACCOUNT, "password": PASSWORD}


@pytest.fixture
def relay_name(server: Office) -> Iterator[None]:
    """The relay's name leads to a stranger's address."""
    file = server.machine.folder / "zone.json"
    before = file.read_text() if file.exists() else "{}"
    file.write_text(json.dumps({**json.loads(before), NAME: {"A": [server.address(9)]}}))
    yield
    file.write_text(before)


@pytest.fixture
def trusted(server: Office, tmp_path: Path) -> Iterator[Path]:
    """The relay's certificate, which the NAS knows for the length of a test."""
    file = certificate(tmp_path, NAME)
    public = file.read_text().partition("-----BEGIN CERTIFICATE-----")
    server.machine.run("cp", CERTIFICATES, f"{CERTIFICATES}.before")
    server.machine.run("sh", "-c", f"cat >>{CERTIFICATES} <<'END'\n{public[1]}{public[2]}END")
    yield file
    server.machine.run("mv", f"{CERTIFICATES}.before", CERTIFICATES)


@contextlib.contextmanager
def relay(server: Office, **demands: Any) -> Iterator[tuple[RelayServer, int]]:
    """A relay server in the outside world, and its port."""
    link = server.socket(source=server.address(9))
    with RelayServer(link, **demands) as made:
        yield made, link.getsockname()[1]


@contextlib.contextmanager
def used(server: Office, port: int, **values: Any) -> Iterator[None]:
    """The relay in force; afterwards the page is as before."""
    before = newest_revision(server)
    server.apply(PAGE, **{"enabled": "yes", "server": NAME, "port": port, **values})
    try:
        yield
    finally:
        server.ctl("settings", "put-back", str(before), "--page", PAGE)


def send(server: Office) -> str:
    """Ben writes to somebody outside; the subject."""
    subject = f"by way of a relay {secrets.token_hex(4)}"
    with server.submission("ben") as client:
        client.send_message(server.mail(subject, to=FRIEND, sender=f"ben@{DOMAIN}"))
    return subject


def has(made: RelayServer, subject: str) -> bool:
    return any(f"Subject: {subject}".encode() in one.content for one in made.messages)


def flush(server: Office) -> None:
    server.inside("postqueue", "-c", "/data/conf/current/postfix", "-f")


def waits_because(server: Office, subject: str, *words: str) -> None:
    """The message waits, and the window says that and why."""

    def told() -> bool:
        found = [one for one in Desktop(server).get("api/overview")["problems"] if one["id"] == "relay"]
        return bool(found) and all(word.lower() in found[0]["text"].lower() for word in words)

    until(told, 60, lambda: f"the window says {words}: {queue_of(server)}")
    assert FRIEND in queue_of(server)


def queue_of(server: Office) -> str:
    """What waits, as Postfix tells it, a line of JSON for each message."""
    return server.inside("postqueue", "-c", "/data/conf/current/postfix", "-j")


def test_all_mail_for_others_goes_through_it_and_none_of_our_own(server: Office, relay_name: None) -> None:
    """RL01, on and off."""
    with relay(server) as (made, port):
        with used(server, port, always_tls="no"):
            subject = send(server)
            until(lambda: has(made, subject), 60, "the relay has it")
            assert made.messages[-1].rcpt_tos == [FRIEND]
            server.deliver("stays in the house")
            assert server.arrived("ben", "stays in the house") and len(made.messages) == 1
        direct = send(server)
        server.sent_out(direct)
        assert not has(made, direct)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_encrypted_with_a_certificate_that_is_checked_and_signed_in(
    server: Office, relay_name: None, trusted: Path, tls: str
) -> None:
    """RL02, RL03, RL04."""
    with relay(server, file=trusted, tls=tls, auth=True) as (made, port):
        chosen = {"implicit_tls": "yes" if tls == "implicit" else "no", **SIGNED_IN}
        tried = server.ctl("relay", "test", f"server={NAME}", f"port={port}", *(f"{k}={v}" for k, v in chosen.items()))
        assert tried["ok"] and [one["state"] for one in tried["steps"]] == ["ok"] * 5 and not made.messages
        with used(server, port, **chosen):
            subject = send(server)
            until(lambda: has(made, subject), 60, "the relay has it")
            assert made.signed_in


def test_a_wrong_password_makes_mail_wait_until_it_is_right(server: Office, relay_name: None, trusted: Path) -> None:
    """RL03: the window says why, and nothing is lost or sent back."""
    with relay(server, file=trusted, tls="starttls", auth=True) as (made, port):
        wrong = {**SIGNED_IN, "password": "not this one"}
        with used(server, port, **wrong):
            subject = send(server)
            waits_because(server, subject, "535")
            words = server.ctl("relay", "test")["steps"][3]
            assert words["state"] == "failed" and "535" in words["words"]
            server.apply(PAGE, password=PASSWORD)
            flush(server)
            until(lambda: has(made, subject), 90, "the relay has it")


@pytest.mark.parametrize(
    ("demands", "values", "words"),
    [
        ({}, {}, "TLS"),
        ({"tls": "starttls", "own": True}, {}, "certificate"),
        ({"tls": "starttls", "own": True, "auth": True}, {"verify": "no"}, "530"),
    ],
    ids=["no TLS", "a wrong certificate", "no sign-in"],
)
def test_what_does_not_fit_makes_mail_wait_and_switched_off_nothing_is_lost(
    server: Office, relay_name: None, tmp_path: Path, demands: dict[str, Any], values: dict[str, str], words: str
) -> None:
    """RL01, RL02, RL03."""
    file = certificate(tmp_path, "another.example") if demands.pop("own", False) else None
    with relay(server, file=file, **demands) as (made, port):
        with used(server, port, **values):
            subject = send(server)
            waits_because(server, subject, words)
            assert not made.messages
        flush(server)
        server.sent_out(subject)


def test_the_password_is_nowhere_but_in_the_map_that_root_alone_reads(
    server: Office, relay_name: None, trusted: Path
) -> None:
    """RL03: not in an answer, not in a log, not in a database, not in a file that others may read."""
    secret = f"Sesame{secrets.token_hex(6)}"
    desktop = Desktop(server)
    demands = {"file": trusted, "tls": "starttls", "auth": True}
    with relay(server, **demands) as (_, port), used(server, port, **{**SIGNED_IN, "password": secret}):
        send(server)
        until(lambda: "535" in json.dumps(desktop.get("api/overview")["problems"]), 60)
        base = newest_revision(server)
        told = [
            desktop.get(f"api/settings/{PAGE}"),
            desktop.get("api/settings/history"),
            desktop.get(f"api/settings/compare?from={base - 1}&to={base}"),
            server.ctl("events"),
            desktop.post("api/settings/preview", revision=base, page=PAGE, changes={"password": f"{secret}2"}),
            desktop.post("api/relay/test", changes={"password": f"{secret}3"}),
            desktop.get("api/overview"),
            server.ctl("settings", "list", PAGE),
            server.ctl("settings", "history"),
            server.machine.run("/usr/local/bin/mailroomctl", "settings", "list", PAGE).stdout,
            server.machine.run("/usr/local/bin/mailroomctl", "settings", "history").stdout,
        ]
        assert secret not in json.dumps(told) and "sealed:" not in json.dumps(told)
        held = server.machine.run("grep", "-rl", secret, f"{PACKAGE}/var/data", check=False).stdout.split()
        assert [Path(file).name for file in held] == ["relay_password.lmdb"]
        assert server.machine.run("stat", "-c", "%a %u", held[0]).stdout.strip() == "600 0"
        with pytest.raises(Refusal) as refused:
            desktop.post("api/relay/test", changes={"server": "smtp.evil.example"})
        assert refused.value.problem["field"] == "password"
    flush(server)
