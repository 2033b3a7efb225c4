"""What is said of DNS records: right, wrong, missing, slow, refused, unknown; and when a relay is the better way."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dns_pretend import ADDRESS, REVERSE, RIGHT, Pretend, settings, with_record, world

from mailroom.core.problems import Invalid
from mailroom.dns.shape import Outcome, Reply
from mailroom.flows import dns_records, dns_words


def check(address: str = ADDRESS, own: dict[str, bool | None] | None = None, **how: Any) -> dict[str, Any]:
    return dns_records.check(settings(), {"address": address}, world(own, **how))


def one(facts: dict[str, Any], id: str) -> tuple[str, str]:
    found = next(record for record in facts["records"] if record["id"] == id)
    return found["state"], found["code"]


def test_the_records_have_real_values() -> None:
    facts = dns_records.records(settings(), {"address": ADDRESS}, world(known=RIGHT))
    told = {one["id"]: (one["type"], one["name"], one["value"], one["priority"]) for one in facts["records"]}
    assert told["a"] == ("A", "mail.example.com", ADDRESS, None)
    assert told["mx"] == ("MX", "example.com", "mail.example.com", 0)
    assert told["ptr"] == ("PTR", REVERSE, "mail.example.com", None)
    assert told["spf"] == ("TXT", "example.com", "v=spf1 mx ~all", None)
    assert told["dmarc"] == ("TXT", "_dmarc.example.com", "v=DMARC1; p=none", None)
    assert told["autoconfig"] == ("CNAME", "autoconfig.example.com", "mail.example.com", None)
    assert told["srv_imaps"] == ("SRV", "_imaps._tcp.example.com", "1 993 mail.example.com", 0)
    assert {one["needed"] for one in facts["records"] if one["id"] in ("a", "mx", "ptr")} == {"required"}
    assert "srv_pop3s" not in told
    assert (facts["address_from"], facts["private"], facts["dynamic"]) == ("given", False, False)


def test_an_ipv6_address_wants_aaaa_and_its_own_reverse_name() -> None:
    facts = dns_records.records(settings(), {"address": "2001:db8::25"}, world())
    told = {one["id"]: one["name"] for one in facts["records"]}
    assert told["aaaa"] == "mail.example.com" and "a" not in told
    assert told["ptr"].endswith(".8.b.d.0.1.0.0.2.ip6.arpa")


def test_a_hostname_that_is_autodiscover_is_not_its_own_alias() -> None:
    facts = dns_records.records(settings(), {"hostname": "autodiscover.example.com"}, world())
    assert "autodiscover" not in {one["id"] for one in facts["records"]}


def test_all_is_right() -> None:
    facts = check(known=RIGHT)
    required = {"a", "mx", "ptr", "spf", "dmarc"}
    assert {id: one(facts, id)[0] for id in required} == dict.fromkeys(required, "right")
    assert (facts["name_servers"], facts["relay_advised"], facts["relay"]) == (["one", "two"], False, None)
    assert one(facts, "autoconfig") == ("missing", "service_missing")


@pytest.mark.parametrize(
    ("id", "name", "kind", "values", "expected"),
    [
        ("a", "mail.example.com", "A", [], ("missing", "a_missing")),
        ("a", "mail.example.com", "A", ["198.51.100.9"], ("wrong", "a_elsewhere")),
        ("a", "mail.example.com", "A", ["192.168.1.2"], ("wrong", "a_private")),
        ("a", "mail.example.com", "A", [ADDRESS, "198.51.100.9"], ("wrong", "a_more")),
        ("mx", "example.com", "MX", [], ("missing", "mx_missing")),
        ("mx", "example.com", "MX", ["10 mx.example.net"], ("wrong", "mx_elsewhere")),
        ("mx", "example.com", "MX", ["0 ."], ("wrong", "mx_null")),
        ("mx", "example.com", "MX", [f"0 {ADDRESS}"], ("wrong", "mx_is_address")),
        ("mx", "example.com", "MX", ["9 mx.example.net", "10 mail.example.com"], ("wrong", "mx_not_first")),
        ("mx", "example.com", "MX", ["10 mx.example.net", "9 mail.example.com"], ("right", "right")),
        ("ptr", REVERSE, "PTR", [], ("missing", "ptr_missing")),
        ("ptr", REVERSE, "PTR", ["shop.isp.example"], ("wrong", "ptr_other")),
        ("ptr", REVERSE, "PTR", ["dyn-25.isp.example"], ("wrong", "ptr_dynamic")),
        ("ptr", REVERSE, "PTR", ["mail.example.com", "shop.isp.example"], ("right", "right")),
        ("spf", "example.com", "TXT", ["something=else"], ("missing", "spf_missing")),
        ("spf", "example.com", "TXT", ["v=spf1 mx -all", "v=spf1 a -all"], ("wrong", "spf_several")),
        ("spf", "example.com", "TXT", ["v=spf1 -all"], ("wrong", "spf_not_ours")),
        ("spf", "example.com", "TXT", ["v=spf1 -mx ~all"], ("wrong", "spf_not_ours")),
        ("spf", "example.com", "TXT", ["v=spf1 +all"], ("wrong", "spf_everybody")),
        ("spf", "example.com", "TXT", ["v=spf1 include:relay.example -all"], ("unknown", "spf_others")),
        ("spf", "example.com", "TXT", ["v=spf1 ip4:203.0.113.0/24 -all"], ("right", "right")),
        ("spf", "example.com", "TXT", ["v=spf1 ip4:198.51.100.0/24 -all"], ("wrong", "spf_not_ours")),
        ("spf", "example.com", "TXT", ["v=spf1 a:mail.example.com -all"], ("right", "right")),
        ("spf", "example.com", "TXT", ["v=spf1 a -all"], ("wrong", "spf_not_ours")),
        ("dmarc", "_dmarc.example.com", "TXT", [], ("missing", "dmarc_missing")),
        ("dmarc", "_dmarc.example.com", "TXT", ["v=DMARC1; p=reject; rua=mailto:a@example.com"], ("right", "right")),
        ("dmarc", "_dmarc.example.com", "TXT", ["v=DMARC1; rua=mailto:a@example.com"], ("wrong", "dmarc_wrong")),
        ("autoconfig", "autoconfig.example.com", "CNAME", ["mail.example.com"], ("right", "right")),
        ("autoconfig", "autoconfig.example.com", "A", [ADDRESS], ("right", "right")),
        ("autoconfig", "autoconfig.example.com", "A", ["198.51.100.9"], ("wrong", "service_elsewhere")),
        ("srv_imaps", "_imaps._tcp.example.com", "SRV", ["5 0 993 mail.example.com"], ("right", "right")),
        ("srv_imaps", "_imaps._tcp.example.com", "SRV", ["0 1 993 imap.example.net"], ("wrong", "service_elsewhere")),
    ],
)
def test_what_was_found_is_told(id: str, name: str, kind: str, values: list[str], expected: tuple[str, str]) -> None:
    assert one(check(known=with_record(name, kind, *values)), id) == expected


def test_a_hostname_that_is_an_alias_is_wrong() -> None:
    known = {**RIGHT, ("mail.example.com", "CNAME"): ["box.example.com"], ("box.example.com", "A"): [ADDRESS]}
    assert one(check(known=known), "a") == ("wrong", "a_is_alias")


def test_a_reverse_name_must_lead_back() -> None:
    known = with_record("mail.example.com", "A", "198.51.100.9")
    assert one(check(known=known), "ptr") == ("wrong", "ptr_not_confirmed")
    known = {**with_record(REVERSE, "PTR", "box.example.com"), ("box.example.com", "A"): [ADDRESS]}
    assert one(check(known=known), "ptr") == ("wrong", "ptr_other_confirmed")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("refused", ("refused", "servers_refused")),
        ("failed", ("refused", "servers_failed")),
        ("lame", ("refused", "servers_lame")),
        ("false", ("refused", "servers_false")),
        ("truncated", ("refused", "servers_truncated")),
        ("unreachable", ("unknown", "servers_unreachable")),
        ("slow", ("slow", "servers_slow")),
    ],
)
def test_servers_that_do_not_help_are_told(outcome: Outcome, expected: tuple[str, str]) -> None:
    both: dict[tuple[str, str], Outcome] = {(server, "example.com"): outcome for server in ("one", "two")}
    assert one(check(known=RIGHT, ways=both), "mx") == expected
    # One that helps is enough, but the other is named.
    facts = check(known=RIGHT, ways={("two", "example.com"): outcome})
    assert one(facts, "mx") == ("right", "right_some_silent")
    assert next(record for record in facts["records"] if record["id"] == "mx")["values"]["servers"] == "two"


def test_servers_that_disagree_are_told() -> None:
    facts = check(known=RIGHT, theirs={("two", "example.com", "MX"): ["10 old.example.net"]})
    mx = next(record for record in facts["records"] if record["id"] == "mx")
    assert (mx["state"], mx["code"]) == ("wrong", "servers_differ")
    assert mx["values"] == {"name": "example.com", "right": "one", "other": "two", "found": "10 old.example.net"}
    assert mx["found"] == ["0 mail.example.com", "10 old.example.net"]


def test_a_domain_that_is_not_there_and_servers_that_cannot_be_found() -> None:
    facts = dns_records.check(settings(), {"domain": "nobody.example", "address": ADDRESS}, world(known=RIGHT))
    assert one(facts, "mx") == ("missing", "domain_not_delegated")
    assert facts["name_servers"] == []

    class Silent(Pretend):
        def _resolved(self, name: str, kind: str) -> Reply:
            return Reply("slow")

    facts = dns_records.check(settings(), {"address": ADDRESS}, world(pretend=Silent()))
    assert one(facts, "mx") == ("unknown", "resolver_silent")


def test_without_an_address_the_hostname_tells_it() -> None:
    facts = dns_records.check(settings(), {}, world(known=RIGHT))
    assert (facts["address"], facts["address_from"]) == (ADDRESS, "dns")
    assert (one(facts, "a"), one(facts, "ptr")) == (("unknown", "there"), ("right", "right"))
    facts = dns_records.check(settings(), {}, world(own={"192.168.1.2": True, "203.0.113.25": False}, known=RIGHT))
    assert (facts["address"], facts["address_from"]) == (ADDRESS, "interface")
    facts = dns_records.check(settings(), {}, world(known={}))
    assert (facts["address"], facts["address_from"], one(facts, "a")) == ("", "unknown", ("missing", "address_unknown"))
    assert "ptr" not in {record["id"] for record in facts["records"]}


def test_the_public_address_in_the_settings_counts() -> None:
    values = settings()
    values["service.interface"]["public_address"] = ADDRESS
    facts = dns_records.records(values, {}, world(known=RIGHT))
    assert (facts["address"], facts["address_from"]) == (ADDRESS, "given")


@pytest.mark.parametrize(
    ("reverse", "own", "address", "dynamic", "relay"),
    [
        ("dyn-25.isp.example", {}, ADDRESS, True, "relay_dynamic"),
        ("203-0-113-25.isp.example", {}, ADDRESS, None, "relay_range"),
        ("203-0-113-25.static.isp.example", {}, ADDRESS, False, None),
        ("box.isp.example", {}, ADDRESS, None, None),
        # PPPoE with a name of one's own: the provider gives a fixed address.
        ("mail.example.com", {ADDRESS: True}, ADDRESS, False, None),
        ("box.isp.example", {ADDRESS: True}, ADDRESS, True, "relay_dynamic"),
        ("", {ADDRESS: True}, ADDRESS, True, "relay_dynamic"),
        ("", {}, "100.64.3.7", None, "relay_shared"),
        ("", {}, "192.168.1.2", None, None),
    ],
)
def test_when_a_relay_is_advised(
    reverse: str, own: dict[str, bool | None], address: str, dynamic: bool | None, relay: str | None
) -> None:
    facts = check(address, own, known=with_record(REVERSE, "PTR", *filter(None, [reverse])))
    assert facts["dynamic"] is dynamic
    assert (facts["relay_advised"], (facts["relay"] or {}).get("code")) == (relay is not None, relay)


def test_addresses_that_nobody_can_reach() -> None:
    facts = check("192.168.1.2", known=RIGHT)
    assert facts["private"] is True
    assert one(facts, "ptr") == ("unknown", "ptr_private")


@pytest.mark.parametrize(
    ("field_name", "value"),
    [("domain", "no domain"), ("hostname", "-"), ("hostname", "mail.example.com\nx"), ("address", "1.2.3")],
)
def test_what_is_no_name_or_address_is_refused(field_name: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        dns_records.check(settings(), {field_name: value}, world())
    assert refused.value.field == field_name


NAMES = ("address", "name", "type", "value", "found", "servers", "right", "other", "domain", "hostname")


def test_every_sentence_can_be_said_with_the_values_that_are_there() -> None:
    everything = {name: name for name in NAMES}
    for code in dns_words.SENTENCES:
        said = dns_words.say(code, **everything)
        assert not re.search("[{}]", said["text"] + said["next"])
        assert said["text"].endswith((".", "!")) and (not said["next"] or said["next"].endswith("."))
