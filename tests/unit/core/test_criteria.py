"""What can be typed into a rule of the black and white lists, and what is said of the rest (rows BW02-BW06)."""

from __future__ import annotations

import pytest

from mailroom.core.problems import Invalid
from mailroom.core.settings import clean

PAGE = "mail_delivery.lists"


def whitelist(kind: str, criteria: str, name: str = "a") -> dict[str, object]:
    return {"id": "r", "name": name, "enabled": True, "type": kind, "criteria": criteria}


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("ip", " 192.0.2.1 ", "192.0.2.1"),
        ("ip", "2001:DB8:0::1", "2001:db8::1"),
        ("ip", "::ffff:192.0.2.1", "192.0.2.1"),
        ("ip_mask", "192.0.2.77/24", "192.0.2.0/24"),
        ("ip_mask", "192.0.2.77 / 255.255.255.128", "192.0.2.0/25"),
        ("ip_mask", "2001:db8::1/32", "2001:db8::/32"),
        ("sender", "*@Example.com", "*@example.com"),
        ("sender", "admin@*", "admin@*"),
        ("sender", "**@***.com", "*@*.com"),
        ("sender", "*offers*", "*offers*"),
        ("recipient", "Anna@example.com", "anna@example.com"),
        ("domain", "Example.COM.", "example.com"),
    ],
)
def test_good_criteria(kind: str, typed: str, kept: str) -> None:
    found = clean(PAGE, {"blacklist": [], "whitelist": [whitelist(kind, typed)]})
    assert found["whitelist"][0]["criteria"] == kept


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("ip", "192.0.2.0/24", "Enter one IP address"),
        ("ip", "192.0.2.256", "Enter one IP address"),
        ("ip", "*", "Enter one IP address"),
        ("ip_mask", "192.0.2.1", "and a subnet mask"),
        ("ip_mask", "192.0.2.1/", "and a subnet mask"),
        ("ip_mask", "192.0.2.1/33", "and a subnet mask"),
        ("ip_mask", "0.0.0.0/0", "every address"),
        ("ip_mask", "::/0", "every address"),
        ("sender", "example.com", "e-mail address"),
        ("sender", "a b@example.com", "e-mail address"),
        ("sender", "a@b@example.com", "e-mail address"),
        ("sender", "grüße@example.com", "e-mail address"),
        ("sender", "*@*", "every address"),
        ("recipient", "*", "every address"),
        ("recipient", "*@*.*", "every address"),
        ("recipient", "a" * 250 + "@b.example", "longer than"),
        ("domain", "*.example.com", "without asterisks"),
        ("domain", "a@example.com", "without asterisks"),
        ("domain", "localhost", "one domain"),
        ("domain", "", "at least 1 characters"),
    ],
)
def test_bad_criteria_are_named_with_what_is_needed(kind: str, typed: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean(PAGE, {"blacklist": [], "whitelist": [whitelist(kind, typed)]})
    (field,) = refused.value.more["fields"]
    assert field == "whitelist/r/criteria" and words in refused.value.more["fields"][field]


def test_other_fields() -> None:
    for rule, field in (
        ({**whitelist("ip", "192.0.2.1", "  ")}, "whitelist/r/name"),
        ({**whitelist("ip", "192.0.2.1", "a\nb")}, "whitelist/r/name"),
        ({**whitelist("ip", "192.0.2.1"), "action": "reject"}, "whitelist/r/action"),
    ):
        with pytest.raises(Invalid) as refused:
            clean(PAGE, {"blacklist": [], "whitelist": [rule]})
        assert list(refused.value.more["fields"]) == [field]
    with pytest.raises(Invalid) as refused:
        clean(PAGE, {"blacklist": [{**whitelist("domain", "a.example"), "action": "reject"}], "whitelist": []})
    assert list(refused.value.more["fields"]) == ["blacklist/r/type"]
