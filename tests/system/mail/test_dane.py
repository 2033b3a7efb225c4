"""Other domains' servers are what their signed DNS announces, or mail waits (X06-06, RFC 7672)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from announcing import MAIL, PAGE, arrives, bound, forget, log, send, signed_dns, tlsa, try_again, waits
from authority import certificate
from changing import changed
from desktop import Desktop
from office import Office, until
from relay_server import RelayServer
from signed_dns import SignedDns

# Each test has its own: what DNS said is remembered.
SIGNED = ("right", "wrong", "off", "spoiled", "spoiled-mx", "bare")
OTHER = "3 1 1 " + "ab" * 32


@pytest.fixture(scope="module")
def mail_server(server: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RelayServer, str]]:
    """One mail server with a certificate of nobody's, and the record that names its key."""
    made = certificate("mx.announced.example")
    file = Path(tmp_path_factory.mktemp("dane")) / "mx.pem"
    file.write_bytes(made.key_pem() + made.pem)
    with RelayServer(bound(server, MAIL, 25), file, tls="starttls") as running:
        yield running, tlsa(made.certificate)


@pytest.fixture(scope="module")
def dns(server: Office, mail_server: tuple[RelayServer, str]) -> Iterator[SignedDns]:
    records = {"right": mail_server[1], "wrong": OTHER, "off": OTHER, "spoiled": OTHER, "spoiled-mx": mail_server[1]}
    zones = {}
    for name in SIGNED:
        domain = f"{name}.example"
        zones[domain] = {domain: {"MX": [f"10 mx.{domain}."]}, f"mx.{domain}": {"A": [server.address(MAIL)]}}
        if name in records:
            zones[domain][f"_25._tcp.mx.{domain}"] = {"TLSA": [records[name]]}
    plain = {"plain.example": {"MX": ["10 mx.plain.example."]}, "mx.plain.example": {"A": [server.address(MAIL)]}}
    plain["_25._tcp.mx.plain.example"] = {"TLSA": [OTHER]}
    with signed_dns(server, zones, plain) as made:
        made.spoiled |= {("_25._tcp.mx.spoiled.example", "TLSA"), ("spoiled-mx.example", "MX")}
        yield made


@pytest.fixture(scope="module")
def checked(server: Office, dns: SignedDns) -> Iterator[None]:
    with changed(server, PAGE, dane="yes"):
        yield


@pytest.fixture
def made(mail_server: tuple[RelayServer, str], server: Office) -> Iterator[RelayServer]:
    yield mail_server[0]
    forget(server)


def test_the_right_certificate_is_verified(server: Office, checked: None, made: RelayServer) -> None:
    arrives(made, send(server, "right.example"))
    assert log(server, f"Verified TLS connection established to mx.right.example[{server.address(MAIL)}]:25")


@pytest.mark.parametrize("name", ["plain", "bare"])
def test_who_announces_nothing_gets_mail_as_before(server: Office, checked: None, made: RelayServer, name: str) -> None:
    """What is not signed counts for nothing, whatever it says."""
    arrives(made, send(server, f"{name}.example"))
    assert log(server, f"Untrusted TLS connection established to mx.{name}.example[{server.address(MAIL)}]:25")


def test_a_wrong_certificate_makes_mail_wait_and_switched_off_it_goes(
    server: Office, checked: None, made: RelayServer
) -> None:
    subject = send(server, "wrong.example")
    waits(server, "wrong.example", "Server certificate not verified")
    assert not any(subject.encode() in one.content for one in made.messages)
    with changed(server, PAGE, dane="no"):
        try_again(server)
        arrives(made, subject)
        arrives(made, send(server, "off.example"))


def test_what_is_signed_wrongly_makes_mail_wait(server: Office, checked: None, made: RelayServer) -> None:
    """Somebody who changes DNS answers on their way must not switch the check off (RFC 7672 2.1.1)."""
    send(server, "spoiled.example")
    waits(server, "spoiled.example", "TLSA")
    forget(server)
    send(server, "spoiled-mx.example")
    until(lambda: "type=MX" in server.inside("postqueue", "-c", "/data/conf/current/postfix", "-p"), 60)
    assert not made.messages or all(b"spoiled" not in one.content for one in made.messages)


def test_dns_servers_that_hand_no_signatures_on_stop_no_mail(
    server: Office, checked: None, dns: SignedDns, made: RelayServer
) -> None:
    """Neither those that leave them out, nor those that refuse; and the window says that nothing is checked."""
    for manner in ("stripped", "refused"):
        with begun_with(server, dns, manner) as warnings:
            assert "DANE checks nothing" in str(warnings)
            arrives(made, send(server, "wrong.example"))
            arrives(made, send(server, "spoiled.example"))
            until(lambda: "condition-dnssec" in _problems(server), 180, "the window says it")
    with begun_with(server, dns, "right") as warnings:
        assert not warnings
        until(lambda: "condition-dnssec" not in _problems(server), 90, "it is over")


@contextlib.contextmanager
def begun_with(server: Office, dns: SignedDns, manner: str) -> Iterator[Any]:
    """The resolver knows the NAS's DNS server like this, and nothing of before; what Apply warns of."""
    with changed(server, PAGE, dane="no"):
        dns.manner = manner
        yield server.apply(PAGE, dane="yes")["warnings"]


def _problems(server: Office) -> set[str]:
    return {one["id"] for one in Desktop(server).get("api/overview")["problems"]}
