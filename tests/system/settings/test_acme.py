"""A certificate got by itself on a running server, from an authority in the outside world that looks at the NAS."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from acme_nas import PORT, acme_authority
from acme_server import AcmeServer
from changing import newest_revision
from desktop import Desktop, Refusal
from office import DOMAIN, HOSTNAME, PACKAGE, Office, until

PAGE = "service.acme"
DATA = f"{PACKAGE}/var/data"


@pytest.fixture
def authority(server: Office, tmp_path: Path) -> Iterator[AcmeServer]:
    with acme_authority(server, tmp_path) as made:
        yield made


def enable(server: Office, authority: AcmeServer, **more: str) -> None:
    server.apply(PAGE, enabled="yes", directory=authority.directory, **more)


def shaken(server: Office, authority: AcmeServer, port: int) -> tuple[str, ...]:
    """The names that a port shows to a client that trusts the authority's root alone."""
    context = ssl.create_default_context(cadata=authority.authority.root.pem.decode())
    with context.wrap_socket(server.connect(port), server_hostname=HOSTNAME) as link:
        facts = link.getpeercert()
    assert facts
    return tuple(str(value) for kind, value in facts["subjectAltName"] if kind == "DNS")


def test_switched_on_it_is_got_served_and_by_hand_is_refused(server: Office, authority: AcmeServer) -> None:
    enable(server, authority, names=f"imap.{DOMAIN}", email=f"admin@{DOMAIN}")
    until(lambda: server.ctl("certificate", "acme")["ok"], 90, "the certificate is got")
    for port in (465, 993):
        assert shaken(server, authority, port) == (HOSTNAME, f"imap.{DOMAIN}")
    assert authority.looked == [HOSTNAME, f"imap.{DOMAIN}"]
    known = server.ctl("certificate", "show")
    assert known["current"]["source"] == "acme"
    with pytest.raises(RuntimeError, match="acme_enabled"):
        server.ctl("certificate", "use", known["earlier"][0]["id"])
    # The port of the proof is closed again, and another one is got when somebody asks.
    with pytest.raises(OSError):
        server.connect(PORT, timeout_s=5).close()
    Desktop(server).post("api/acme/get")
    assert authority.issued() == 2 and len(authority.accounts) == 1
    held = server.inside("stat", "-c", "%a %u", "/data/secrets/acme-account.pem").strip()
    assert held == "600 0"


def test_what_fails_is_told_and_mail_goes_on_with_the_former_one(server: Office, authority: AcmeServer) -> None:
    before = server.ctl("certificate", "show")["current"]["id"]
    authority.refuses = "no such name in DNS"
    enable(server, authority)
    desktop = Desktop(server)
    until(lambda: desktop.get("api/acme")["failures"] == 1, 90, "it has failed")
    problem = next(one for one in desktop.get("api/overview")["problems"] if one["id"] == "condition-acme")
    assert "no such name in DNS" in problem["text"] and str(PORT) in problem["next"]
    with pytest.raises(Refusal) as refused:
        desktop.post("api/acme/get")
    assert refused.value.status == 424 and "no such name in DNS" in refused.value.problem["message"]
    known = desktop.get("api/acme")
    assert known["failures"] == 2 and known["due"] - known["tried"] == pytest.approx(7_200, abs=60)
    assert server.ctl("certificate", "show")["current"]["id"] == before
    server.deliver("with the former certificate")
    server.arrived("ben", "with the former certificate")
    authority.refuses = ""
    desktop.post("api/acme/get")
    assert "condition-acme" not in json.dumps(desktop.get("api/overview")["problems"])


def test_what_is_no_authority_is_refused_at_its_field(server: Office) -> None:
    base = newest_revision(server)
    for field, value in (("directory", "http://acme.example/"), ("names", ["no name"]), ("email", "anna")):
        with pytest.raises(Refusal) as refused:
            Desktop(server).post("api/settings/apply", revision=base, page=PAGE, changes={field: value})
        assert refused.value.status == 422 and field in json.dumps(refused.value.problem)
