"""CK01, CL08: both checks on a whole machine, by the shell and by the window's routes; what changes is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop import Desktop, Refusal
from mailroom.tls import self_signed
from office import Office

ADDRESS = "203.0.113.25"
GENERAL = "mail_delivery.general"


class Zone:
    """The world's DNS, as a test has it."""

    def __init__(self, file: Path, world: str) -> None:
        self.file = file
        self.names: dict[str, Any] = {
            "example.com": {
                "NS": ["ns1.example.com."],
                "MX": ["10 mx.elsewhere.example."],
                "TXT": ['"v=spf1 a:mail.example.com -all"'],
            },
            "ns1.example.com": {"A": [world]},
            "mail.example.com": {"A": [ADDRESS]},
            "_dmarc.example.com": {"TXT": ['"v=DMARC1; p=none"']},
            "113.0.203.in-addr.arpa": {"NS": ["ns1.example.com."]},
            "25.113.0.203.in-addr.arpa": {"PTR": ["mail.example.com."]},
            "big.example": {"MX": ["5 mx.world.example."]},
            "list.example": {},
            "2.0.0.127.list.example": {"A": ["127.0.0.2"]},
            "1.0.0.127.list.example": "nxdomain",
            "25.113.0.203.list.example": "nxdomain",
        }

    def put(self, **names: Any) -> None:
        self.names |= {name.replace("_", "."): records for name, records in names.items()}
        self.file.write_text(json.dumps(self.names))


@pytest.fixture
def zone(server: Office) -> Iterator[Zone]:
    """The world's zone; it and the settings are put back afterwards."""
    file = server.machine.folder / "zone.json"
    before = file.read_text() if file.exists() else None
    former = server.ctl("settings", "list")
    made = Zone(file, server.address(1))
    made.put()
    server.apply("service.interface", public_address=ADDRESS)
    server.apply("server_management.check_options", outward_domain="big.example", blocklists=["list.example"])
    yield made
    file.unlink() if before is None else file.write_text(before)
    options = former["server_management.check_options"]["values"]
    server.apply("server_management.check_options", **{key: options[key] for key in ("outward_domain", "blocklists")})
    server.ctl("settings", "set", "service.interface.public_address=")
    server.ctl("check", "doctor")


def looked(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in facts["items"]}


def test_the_check_tells_what_is_wrong_and_what_has_changed(server: Office, zone: Zone) -> None:
    """CL08: DNS, reverse name, ports, certificate, blocklists, clock, credentials; then two things change."""
    first = looked(server.ctl("check", "doctor"))
    assert first["mx"]["state"] == "problem" and first["mx"]["record"]["value"] == "mail.example.com"
    right = ("a", "aaaa", "ptr", "spf", "dmarc", "port_out", "lists:list.example", "protocols")
    assert {id: first[id]["state"] for id in right} == dict.fromkeys(right, "right"), first
    assert (first["certificate"]["code"], first["certificate"]["state"]) == ("cert_own", "advice")
    # Nothing is claimed that this machine cannot know.
    assert {first[id]["state"] for id in ("port_in", "clock")} == {"unknown"}
    assert server.ctl("check", "doctor", "--last")["items"] == list(first.values())
    problems = {one["id"]: one for one in Desktop(server).get("api/overview")["problems"]}
    assert problems["condition-deliverability"]["go"] == "server_management/check"

    last = server.ctl("events", "--limit", "1")[0]["id"]
    zone.put(
        example_com={**zone.names["example.com"], "MX": ["10 mail.example.com."]},
        **{"25_113_0_203_list_example": {"A": ["127.0.0.2"], "TXT": ['"Spam seen"']}},
    )
    second = looked(server.ctl("check", "doctor"))
    assert (second["mx"]["state"], second["lists:list.example"]["state"]) == ("right", "problem")
    assert second["lists:list.example"]["found"] == ["127.0.0.2", "Spam seen"]
    told = [one["text"] for one in server.ctl("events", "--limit", "50") if one["id"] > last and one["kind"] == "check"]
    assert sorted(text.partition(":")[0] for text in told) == ["Blocklist list.example", "MX record"]
    changed = server.ctl("check", "doctor", "--history")[0]["changed"]
    assert {one["id"] for one in changed} == {"mx", "lists:list.example"}
    words = server.machine.run("/usr/local/bin/mailroomctl", "check", "doctor", "--last").stdout
    assert words.index("PROBLEM") < words.index("right") and "list.example" in words


def test_the_windows_routes_say_the_same(server: Office, zone: Zone) -> None:
    desktop = Desktop(server)
    made = desktop.post("api/check/doctor/run")
    assert looked(made)["mx"]["code"] == "mx_elsewhere"
    assert desktop.get("api/check/doctor") == made
    assert desktop.get("api/check/doctor/history")[0]["time"] == made["time"]
    assert made["seconds"] < 20


def test_certificates_are_looked_at_where_each_service_shows_them(server: Office) -> None:
    """All of SMTP, submission, IMAP and POP3 show the one in force; another one in its file is told."""
    before = looked(server.ctl("check", "doctor"))["certificate"]
    assert before["code"] == "cert_own", before
    other = self_signed.make("mail.example.com")[1].decode()
    server.inside("sh", "-c", f"cd /data/tls/current && mv cert.pem kept.pem && printf %s '{other}' > cert.pem")
    try:
        assert looked(server.ctl("check", "doctor"))["certificate"]["code"] == "cert_not_served"
    finally:
        server.inside("mv", "/data/tls/current/kept.pem", "/data/tls/current/cert.pem")
    assert looked(server.ctl("check", "doctor"))["certificate"]["code"] == "cert_own"


def test_settings_are_compared_fixed_and_put_back(server: Office) -> None:
    """CK01, by the shell and by the window's routes: one, all, and undo."""
    usual = server.ctl("settings", "get", f"{GENERAL}.sender_equals_login")
    server.apply(GENERAL, skip_auth_on_lan="yes", sender_equals_login="no")
    try:
        found = {f"{one['page']}.{one['key']}": one for one in server.ctl("check", "settings")["differences"]}
        assert found[f"{GENERAL}.skip_auth_on_lan"]["effect"].startswith("Any device in the local networks")
        one = server.ctl("check", "settings", "--fix", f"{GENERAL}.skip_auth_on_lan")
        assert [change["key"] for change in one["changed"]] == ["skip_auth_on_lan"]
        desktop = Desktop(server)
        shown = desktop.get("api/check/settings")
        assert [one["key"] for one in shown["differences"]] == ["sender_equals_login"]
        done = desktop.post("api/check/settings/fix", revision=shown["revision"], settings=None)
        assert desktop.get("api/check/settings")["differences"] == []
        with pytest.raises(Refusal) as refused:
            desktop.post("api/check/settings/fix", revision=shown["revision"], settings=["security.spam.enabled"])
        assert refused.value.status == 409
        with pytest.raises(Refusal) as refused:
            desktop.post("api/check/settings/fix", revision=done["revision"], settings=["no.such"])
        assert (refused.value.status, refused.value.problem["field"]) == (422, "settings")
        desktop.post("api/settings/put-back", revision=done["revision"], to=done["former"])
        again = desktop.get("api/check/settings")
        assert [one["key"] for one in again["differences"]] == ["sender_equals_login"]
    finally:
        server.apply(GENERAL, skip_auth_on_lan="no", sender_equals_login="yes" if usual else "no")
