"""X06-08: servers that want to send to us get our policy from the NAS's own web server, and lose it again safely."""

from __future__ import annotations

import contextlib
import json
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest

from authority import Authority
from changing import changed
from desktop import Desktop, Refusal
from mail_programs import Got, Program
from mailroom.core.sts_policy import Policy, id_of, parse
from office import DOMAIN, HOSTNAME, PACKAGE, Office, until

PAGE, GENERAL = "mail_delivery.security", "mail_delivery.general"
PATH = "/.well-known/mta-sts.txt"
MORE = "branch.example"
NOTE = "/data/tls/mta-sts.json"
ROOTS = f"{PACKAGE}/target/root/etc/ssl/certs/ca-certificates.crt"


def get(server: Office, domain: str = DOMAIN) -> Got:
    return Program(server).get(f"mta-sts.{domain}", PATH, **{"User-Agent": "sending server"})


def given(server: Office, mode: str, domain: str = DOMAIN) -> Policy:
    """The policy as others get it, once the web process has learnt of this mode."""

    def found() -> Policy | None:
        answer = get(server, domain)
        policy = parse(answer.body.decode()) if answer.status == 200 else None
        return policy if policy and policy.mode == mode else None

    return until(found, 30, f"{domain} has the policy {mode}")


@pytest.fixture
def forgotten(server: Office) -> Iterator[None]:
    """Nobody knows a policy of ours, before and after."""
    server.inside("rm", "-f", NOTE)
    yield
    server.ctl("settings", "set", f"{PAGE}.mta_sts_mode=off")
    server.inside("rm", "-f", NOTE)
    until(lambda: get(server).status == 404, 30, "the policy is forgotten")


@contextlib.contextmanager
def trusted(server: Office, *names: str) -> Iterator[Authority]:
    """With a certificate for these names, of an authority that the NAS knows; the former one is put back."""
    authority = Authority("Trusted")
    made = authority.give(*names)
    before = server.ctl("certificate", "show")["current"]["id"]
    server.machine.run("cp", ROOTS, f"{ROOTS}.before")
    server.machine.run("sh", "-c", f"cat >>{ROOTS} <<'END'\n{authority.root.pem.decode()}END")
    files = {"chain.pem": made.pem + authority.middle.pem, "key.pem": made.key_pem()}
    for name, content in files.items():
        server.machine.run("sh", "-c", f"cat >/tmp/{name} <<'END'\n{content.decode()}END")
    try:
        server.ctl("certificate", "upload", "/tmp/chain.pem", "--key", "/tmp/key.pem")
        yield authority
    finally:
        if server.ctl("certificate", "show")["current"]["id"] != before:
            server.ctl("certificate", "use", before)
        server.machine.run("mv", f"{ROOTS}.before", ROOTS)
        server.machine.run("rm", "-f", "/tmp/chain.pem", "/tmp/key.pem")


@pytest.mark.usefixtures("forgotten")
def test_every_domain_has_the_policy_and_nobody_else(server: Office) -> None:
    assert get(server).status == 404
    more = {"additional_domains": [{"domain": MORE}]}
    with changed(server, GENERAL, **more), changed(server, PAGE, mta_sts_mode="testing", mta_sts_max_age_days=2):
        assert given(server, "testing") == given(server, "testing", MORE) == Policy("testing", 2 * 86_400, (HOSTNAME,))
        answer = get(server)
        assert answer.headers["content-type"] == "text/plain" and answer.body.endswith(b"max_age: 172800\r\n")
        assert get(server, "other.example").status == 404
        assert Program(server).get(DOMAIN, PATH).status == 404
        told = server.ctl("dns", "policy")
        assert [one["domain"] for one in told["domains"]] == [DOMAIN, MORE]
        assert told["policy"].encode() == answer.body
        # The record to copy is the one that belongs to what others get.
        for facts in (server.ctl("dns", "records"), Desktop(server).get("api/dns/records")):
            record = next(one for one in facts["records"] if one["id"] == "mta_sts")
            assert id_of(record["value"]) == told["id"] == parse(answer.body.decode()).id
    # Both are taken back, the one that is ours no longer as well.
    assert given(server, "none") == given(server, "none", MORE) == Policy("none", 86_400)


@pytest.mark.usefixtures("forgotten")
def test_switched_off_it_is_taken_back_even_over_a_restart(server: Office) -> None:
    """What a sender fetched a moment ago counts for it for two days: so long it is told that it is over."""
    server.apply(PAGE, mta_sts_mode="testing", mta_sts_max_age_days="2")
    given(server, "testing")
    fetched = time.time()
    done = Desktop(server)
    revision = done.get(f"api/settings/{PAGE}")["revision"]
    answer = done.post("api/settings/apply", revision=revision, page=PAGE, changes={"mta_sts_mode": "off"})
    assert any("may know the former policy until" in one["text"] for one in answer["warnings"])
    none = given(server, "none")
    told = server.ctl("dns", "policy")
    assert told["mode"] == "none" and fetched + 2 * 86_400 < told["until"] < fetched + 2 * 86_400 + 7_200
    assert id_of(told["domains"][0]["records"][0]["value"]) == none.id
    server.machine.ask("stop", name="Mailroom")
    server.machine.ask("start", name="Mailroom")
    server.ready()
    assert given(server, "none") == none
    # The last of these days is over.
    server.inside("sh", "-c", f"printf '%s' '{json.dumps({DOMAIN: time.time() - 1})}' >{NOTE}")
    until(lambda: get(server).status == 404, 30, "there is no policy any more")
    assert server.ctl("dns", "policy")["mode"] == "off"


@pytest.mark.usefixtures("forgotten")
def test_enforce_needs_a_certificate_that_others_trust(server: Office) -> None:
    desktop = Desktop(server)
    revision = desktop.get(f"api/settings/{PAGE}")["revision"]
    with pytest.raises(Refusal) as refused:
        desktop.post("api/settings/apply", revision=revision, page=PAGE, changes={"mta_sts_mode": "enforce"})
    assert (refused.value.status, refused.value.problem["field"]) == (422, "mta_sts_mode")
    assert server.ctl("settings", "get", f"{PAGE}.mta_sts_mode") == "off"
    with trusted(server, HOSTNAME) as authority:
        server.apply(PAGE, mta_sts_mode="enforce")
        policy = given(server, "enforce")
        # And what a sender does then: it connects to a server that the policy names, and checks the certificate.
        assert policy.names(HOSTNAME)
        context = ssl.create_default_context(cadata=authority.root.pem.decode())
        with server.smtp() as client:
            client._host = HOSTNAME  # type: ignore[attr-defined]
            client.starttls(context=context)
            client.send_message(server.mail("encrypted, as you wish"))
        assert server.arrived("ben", "encrypted, as you wish")
        found: dict[str, Any] = {one["id"]: one for one in server.ctl("check", "doctor")["items"]}
        assert found["mta_sts_mx"]["code"] in ("sts_mx_right", "sts_mx_unknown"), found["mta_sts_mx"]
