"""What is an MTA-STS policy, and what is none (X06-07, RFC 8461 3.2)."""

from __future__ import annotations

import pytest

from mailroom.core.sts_policy import MAX_AGE_MAX_S, BadPolicy, Policy, parse

GOOD = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("\r\n", "\n"), GOOD + "\r\n\r\n", GOOD.replace(": ", " :\t")])
def test_a_policy_in_any_of_its_forms(text: str) -> None:
    assert parse(text) == Policy("enforce", 604_800, ("mail.example.com", "*.example.net"))


def test_what_is_unknown_is_left_out_and_the_first_of_a_key_counts() -> None:
    more = GOOD + "x-of-ours: anything: at all\nmode: none\nmax_age: 1\nmx: Mail.Example.COM.\n"
    assert parse(more) == parse(GOOD)


def test_no_age_is_longer_than_a_year() -> None:
    assert parse(GOOD.replace("604800", "9999999999")).max_age_s == MAX_AGE_MAX_S


def test_none_needs_no_mail_server() -> None:
    assert parse("version: STSv1\nmode: none\nmax_age: 0") == Policy("none", 0, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        GOOD.replace("STSv1", "STSv2"),
        GOOD.replace("version: STSv1\r\n", ""),
        GOOD.replace("enforce", "Enforce"),
        GOOD.replace("mode: enforce\r\n", ""),
        GOOD.replace("604800", "-1"),
        GOOD.replace("604800", "1e9"),
        GOOD.replace("max_age: 604800\r\n", ""),
        "version: STSv1\nmode: enforce\nmax_age: 60",
        "version: STSv1\nmode: testing\nmax_age: 60",
        GOOD.replace("mail.example.com", "mail.example.com servername=x"),
        GOOD.replace("mail.example.com", "mail.example.com:evil.example"),
        GOOD.replace("mail.example.com", "*"),
        GOOD.replace("mail.example.com", "*.com:443"),
        GOOD.replace("mail.example.com", "mail.*.example.com"),
        GOOD.replace("mail.example.com", ""),
        GOOD.replace("mail.example.com", f"{'a' * 64}.example.com"),
        GOOD + "mx: a.example.com\n" * 5 + "".join(f"mx: m{at}.example.com\n" for at in range(100)),
        GOOD + "no key\n",
    ],
)
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(BadPolicy):
        parse(text)
