"""What mail programs are told follows from the settings (row CL07)."""

from __future__ import annotations

from typing import Any

import pytest

from mailroom.core.settings import AllValues, defaults
from mailroom.flows import clients
from mailroom.web.clients import addresses


def settings(**protocol: Any) -> AllValues:
    values = defaults()
    values["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com")
    values["service.protocol"].update(protocol)
    return values


def usable(facts: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["id"], one["port"]) for one in facts["protocols"] if one["usable"]]


def test_tls_comes_before_starttls_and_imap_before_pop3() -> None:
    facts = clients.clients(settings(pop3s_enabled=True, pop3_enabled=True))
    assert usable(facts) == [
        ("imaps", 993), ("imap", 143), ("pop3s", 995), ("pop3", 110), ("smtps", 465), ("submission", 587),
    ]  # fmt: skip
    assert (facts["incoming"], facts["outgoing"], facts["advice"]) == ("imaps", "smtps", [])
    assert {one["host"] for one in facts["protocols"]} == {"mail.example.com"}
    assert [one["id"] for one in facts["protocols"] if one["security"] == "tls"] == ["imaps", "pop3s", "smtps"]


@pytest.mark.parametrize(
    ("protocol", "incoming", "outgoing", "advice"),
    [
        ({"imaps_enabled": False}, "imap", "smtps", []),
        ({"imaps_enabled": False, "imap_enabled": False}, None, "smtps", ["no_incoming"]),
        ({"imaps_enabled": False, "imap_enabled": False, "pop3_enabled": True}, "pop3", "smtps", ["no_imap"]),
        ({"smtps_enabled": False}, "imaps", "submission", []),
        ({"smtps_enabled": False, "submission_enabled": False}, "imaps", None, ["no_outgoing"]),
    ],
)
def test_what_is_off_is_not_recommended(
    protocol: dict[str, bool], incoming: str | None, outgoing: str | None, advice: list[str]
) -> None:
    facts = clients.clients(settings(**protocol))
    assert (facts["incoming"], facts["outgoing"]) == (incoming, outgoing)
    assert [one["code"] for one in facts["advice"]] == advice
    assert all(one["text"] and one["next"] for one in facts["advice"])


def test_without_smtp_authentication_nobody_is_told_to_send() -> None:
    values = settings()
    values["mail_delivery.general"]["smtp_auth"] = False
    facts = clients.clients(values)
    assert facts["outgoing"] is None and [one["code"] for one in facts["advice"]] == ["no_sign_in"]


def test_other_ports_are_told() -> None:
    assert ("smtps", 4650) in usable(clients.clients(settings(smtps_port=4650)))


def test_managesieve_is_for_rules_and_no_way_to_read() -> None:
    values = settings(managesieve_enabled=True)
    facts = clients.clients(values)
    assert usable(facts)[-1] == ("managesieve", 4190) and ("managesieve", 4190) not in usable(
        clients.clients(settings())
    )
    assert ("_sieve._tcp.example.com", 4190) in [(one["name"], one["port"]) for one in facts["srv"]]
    only = settings(managesieve_enabled=True, imaps_enabled=False, imap_enabled=False)
    assert clients.clients(only)["incoming"] is None
    assert {one["kind"] for ways in addresses.ways(facts) for one in ways} == {"imap", "smtp"}


def test_a_server_that_is_not_set_up_says_so() -> None:
    assert [one["code"] for one in clients.clients(defaults())["advice"]] == ["not_set_up"]


def test_dns_can_tell_the_same() -> None:
    records = clients.clients(settings(imap_enabled=False))["srv"]
    assert [(one["name"], one["port"]) for one in records] == [
        ("_imaps._tcp.example.com", 993),
        ("_submissions._tcp.example.com", 465),
        ("_submission._tcp.example.com", 587),
        ("_autodiscover._tcp.example.com", 443),
    ]
    assert {one["target"] for one in records} == {"mail.example.com"}
    assert records[1]["priority"] < records[2]["priority"]


def test_the_state_of_each_document_is_what_the_web_server_answers() -> None:
    asked = []

    def served(path: str, host: str) -> bool | None:
        asked.append((path, host))
        return {"/autodiscover/autodiscover.xml": False, "/mail/config-v1.1.xml": True}.get(path)

    told = clients.with_states(clients.clients(settings()), served)["addresses"]
    assert {one["id"]: one["state"] for one in told} == {
        "autoconfig": "here",
        "well_known": "unknown",
        "autodiscover": "elsewhere",
        "autodiscover_domain": "elsewhere",
        "profile": "unknown",
    }
    assert ("/mail/config-v1.1.xml", "autoconfig.example.com") in asked
