"""Other domains' servers are what their websites announce, or mail waits (X06-07, RFC 8461)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from announcing import MAIL, PAGE, arrives, bound, forget, log, send, signed_dns, tlsa, try_again, waits
from authority import Authority, certificate
from changing import changed
from office import PACKAGE, Office, until
from policy_site import PolicySite, policy
from relay_server import RelayServer

CERTIFICATES = f"{PACKAGE}/target/root/etc/ssl/certs/ca-certificates.crt"
WEB, STRANGER = 13, 10
NOT_VERIFIED = "Server certificate not verified"
# Each test has its own: what was got once is remembered. Those of the last line have a signed DNS.
DOMAINS = (
    "match", "below", "other", "selfmade", "testing", "gone", "html", "big", "moved", "malformed", "kept", "slow",
    "over", "dane-wrong", "dane-right", "dane-none", "address",
)  # fmt: skip


def name(domain: str) -> str:
    return f"{domain}.sts.example"


class World:
    """Domains with mail servers and websites, in the outside world. mail: servers that are vouched for, and others."""

    def __init__(self, server: Office, folder: Path) -> None:
        self.server, authority = server, Authority("Announcing")
        self.root = authority.root.pem.decode()
        self.good = authority.give(*(f"mx.{name(one)}" for one in DOMAINS), f"mx.deep.{name('below')}")
        site = authority.give(*(f"mta-sts.{name(one)}" for one in DOMAINS))
        own = certificate(f"mx.{name('selfmade')}")
        files = []
        for title, made, chain in (("good", self.good, authority), ("site", site, authority), ("own", own, None)):
            files.append(folder / f"{title}.pem")
            files[-1].write_bytes(made.key_pem() + made.pem + (chain.middle.pem if chain else b""))
        self.mail = RelayServer(bound(server, MAIL, 25), files[0], tls="starttls")
        self.strange = RelayServer(bound(server, STRANGER, 25), files[2], tls="starttls")
        self.site = PolicySite(bound(server, WEB, 443), files[1])
        self.zone = server.machine.folder / "zone.json"
        self.before = self.zone.read_text() if self.zone.exists() else "{}"

    def has(self, domain: str, text: str | None = None, at: int = MAIL, id: str = "1", **how: object) -> str:
        """A domain with its mail server there; text: its policy."""
        full = name(domain)
        known = json.loads(self.zone.read_text()) if self.zone.exists() else {}
        known[full] = {"MX": [f"10 mx.{full}."]}
        known[f"mx.{full}"] = {"A": [self.server.address(at)]}
        if text is not None:
            known[f"_mta-sts.{full}"] = {"TXT": [f'"v=STSv1; id={id};"']}
            known[f"mta-sts.{full}"] = {"A": [self.server.address(WEB)]}
            self.site.has(full, text, **how)  # type: ignore[arg-type]
        self.zone.write_text(json.dumps(known))
        return full

    def close(self) -> None:
        self.site.close()
        self.mail.__exit__()
        self.strange.__exit__()
        self.zone.write_text(self.before)


@pytest.fixture(scope="module")
def world(server: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(server, tmp_path_factory.mktemp("sts"))
    server.machine.run("cp", CERTIFICATES, f"{CERTIFICATES}.before")
    server.machine.run("sh", "-c", f"cat >>{CERTIFICATES} <<'END'\n{made.root}END")
    yield made
    server.machine.run("mv", f"{CERTIFICATES}.before", CERTIFICATES)
    made.close()


@pytest.fixture(scope="module")
def checked(server: Office, world: World) -> Iterator[World]:
    with changed(server, PAGE, mta_sts="yes"):
        yield world


@pytest.fixture(autouse=True)
def nothing_waits(server: Office) -> Iterator[None]:
    yield
    forget(server)


def test_what_the_policy_names_is_verified(server: Office, checked: World) -> None:
    full = checked.has("match", policy(f"mx.{name('match')}"))
    arrives(checked.mail, send(server, full))
    assert log(server, f"Verified TLS connection established to mx.{full}[")
    full = checked.has("below", policy(f"*.{name('below')}"))
    arrives(checked.mail, send(server, full))
    assert log(server, f"Verified TLS connection established to mx.{full}[")
    # OpenSSL would look for the address beside the name, and find no certificate with both.
    full = checked.has("address", policy(f"MX.{name('address')}.", "192.0.2.1", "2001:db8::1"))
    arrives(checked.mail, send(server, full))
    assert log(server, f"Verified TLS connection established to mx.{full}[")


@pytest.mark.parametrize(
    ("domain", "named", "at"), [("other", "mx.elsewhere.example", MAIL), ("selfmade", "", STRANGER)]
)
def test_what_it_does_not_name_or_nobody_vouches_for_gets_no_mail(
    server: Office, checked: World, domain: str, named: str, at: int
) -> None:
    """And switched off it goes."""
    full = checked.has(domain, policy(named or f"mx.{name(domain)}"), at)
    subject = send(server, full)
    waits(server, full, NOT_VERIFIED)
    to = checked.mail if at == MAIL else checked.strange
    assert not any(subject.encode() in one.content for one in to.messages)
    with changed(server, PAGE, mta_sts="no"):
        try_again(server)
        arrives(to, subject)


@pytest.mark.parametrize(
    ("domain", "text", "kind", "status"),
    [
        ("testing", policy("mx.elsewhere.example", mode="testing"), "text/plain", 200),
        ("gone", policy(mode="none"), "text/plain", 200),
        ("html", policy("mx.elsewhere.example"), "text/html", 200),
        ("big", policy("mx.elsewhere.example") + "x: y\r\n" * 12_000, "text/plain", 200),
        ("moved", policy("mx.elsewhere.example"), "text/plain", 302),
        ("malformed", "version: STSv1\r\nmode: enforce\r\n", "text/plain", 200),
    ],
)
def test_what_demands_nothing_or_is_no_policy_stops_no_mail(
    server: Office, checked: World, domain: str, text: str, kind: str, status: int
) -> None:
    full = checked.has(domain, text, STRANGER, kind=kind, status=status)
    arrives(checked.strange, send(server, full))
    assert full in checked.site.asked


def test_who_announces_nothing_or_answers_slowly_gets_mail(server: Office, checked: World) -> None:
    full = checked.has("over", None, STRANGER)
    arrives(checked.strange, send(server, full))
    full = checked.has("slow", policy(f"mx.{name('slow')}"), STRANGER)
    checked.site.silent.add(full)
    arrives(checked.strange, send(server, full))
    assert full in checked.site.asked


def test_a_policy_outlives_its_website_and_our_own_restart(server: Office, checked: World) -> None:
    """An attacker in front of both would have to wait for its end (RFC 8461 10.2)."""
    full = checked.has("kept", policy(f"mx.{name('kept')}"))
    arrives(checked.mail, send(server, full))
    checked.site.down = True
    checked.has("kept", "", STRANGER, id="2")
    server.inside("s6-svc", "-r", "/run/service/filter")
    until(lambda: not server.late(), 90, "the filter is back")
    ask = ("python3.11", "-c", f"import socket; print(socket.gethostbyname('mx.{full}'))")
    until(lambda: server.inside(*ask).strip() == server.address(STRANGER), 30, "DNS says the new address")
    subject = send(server, full)
    waits(server, full, NOT_VERIFIED)
    assert not any(subject.encode() in one.content for one in checked.strange.messages)
    checked.site.down = False


def test_dane_goes_before(server: Office, world: World) -> None:
    """RFC 8461 2: a policy that would be met does not help where DANE fails, and DANE alone is enough."""
    mail, web, strange = (server.address(last) for last in (MAIL, WEB, STRANGER))
    own = tlsa(world.good.certificate)
    zones = {}
    for domain, address, record in (
        ("dane-wrong", mail, "3 1 1 " + "ab" * 32),
        ("dane-right", mail, own),
        ("dane-none", strange, None),
    ):
        full = name(domain)
        zones[full] = {full: {"MX": [f"10 mx.{full}."]}, f"mx.{full}": {"A": [address]}}
        zones[full] |= {f"_mta-sts.{full}": {"TXT": ['"v=STSv1; id=1"']}, f"mta-sts.{full}": {"A": [web]}}
        if record:
            zones[full][f"_25._tcp.mx.{full}"] = {"TLSA": [record]}
        # Of dane-right no server that it has is named.
        world.site.has(full, policy(f"mx.{full}" if domain != "dane-right" else "mx.elsewhere.example"))
    with signed_dns(server, zones, {}), changed(server, PAGE, mta_sts="yes", dane="yes"):
        arrives(world.mail, send(server, name("dane-right")))
        send(server, name("dane-wrong"))
        waits(server, name("dane-wrong"), NOT_VERIFIED)
        forget(server)
        send(server, name("dane-none"))
        waits(server, name("dane-none"), NOT_VERIFIED)
