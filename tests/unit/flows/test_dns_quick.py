"""What the set-up wizard says of DNS while one types: never in the way, and always in time."""

from __future__ import annotations

from typing import Any

from dns_pretend import ADDRESS, REVERSE, RIGHT, with_record, world

from mailroom.flows import dns_records


def levels(told: dict[str, list[dict[str, Any]]]) -> dict[str, list[tuple[str, str]]]:
    return {name: [(one["level"], one["code"]) for one in said] for name, said in told.items()}


def test_the_wizards_quick_answers() -> None:
    told = levels(dns_records.quick("example.com", "mail.example.com", ADDRESS, world=world(known=RIGHT)))
    assert told == {name: [("ok", "right")] for name in ("domain", "hostname", "public_address")}
    told = levels(dns_records.quick("example.com", "mail.example.com", "192.168.1.2", world=world(known=RIGHT)))
    assert told["public_address"] == [("advice", "address_private")]
    told = levels(dns_records.quick("example.com", "mail.example.com", None, world=world()))
    assert told == {
        "domain": [("advice", "mx_missing")],
        "hostname": [("advice", "address_unknown")],
        "public_address": [],
    }
    known = with_record(REVERSE, "PTR", "dyn-25.isp.example")
    told = levels(dns_records.quick("example.com", "mail.example.com", ADDRESS, world=world(known=known)))
    assert told["public_address"] == [("advice", "ptr_dynamic"), ("advice", "relay_dynamic")]


def test_the_wizard_asks_only_about_what_is_a_name_yet() -> None:
    told = levels(dns_records.quick("example", "mail.example.com", "", world=world(known=RIGHT)))
    assert told["domain"] == [] and told["hostname"] == [("ok", "there")]
    told = levels(dns_records.quick("example.com", "", ADDRESS, world=world(known=RIGHT)))
    assert told["hostname"] == [] and told["domain"] == [("advice", "mx_elsewhere")]
    told = levels(dns_records.quick("", "", "1.2.3", world=world()))
    assert told == {"domain": [], "hostname": [], "public_address": [("advice", "address_invalid")]}


def test_what_does_not_answer_ends_in_time_with_what_is_known() -> None:
    silent = ("mail.example.com", "example.com")
    told = levels(
        dns_records.quick("example.com", "mail.example.com", ADDRESS, 0.6, world(known=RIGHT, silent_for=silent))
    )
    assert told["domain"] == told["hostname"] == [("advice", "servers_slow")]
