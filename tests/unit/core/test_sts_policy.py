"""What is an MTA-STS policy, and what is none (X06-07, RFC 8461 3.2)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.core.sts_policy import MAX_AGE_MAX_S, BadPolicy, Policy, parse, server
from mailroom.flows.tls_policy import demand

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
        GOOD + "mx: a.example.com\n" * 5 + "".join(f"mx: m{at}.example.com\n" for at in range(100)),
        GOOD + "no key\n",
    ],
)
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(BadPolicy):
        parse(text)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("mail.example.com", "mail.example.com"),
        ("MAIL.Example.COM", "mail.example.com"),
        ("mail.example.com.", "mail.example.com"),
        ("*.example.com", "*.example.com"),
        ("*.Example.com.", "*.example.com"),
        ("mx_1.example.com", "mx_1.example.com"),
        ("1.2.example.com", "1.2.example.com"),
        ("0.de", "0.de"),
        ("xn--mller-kva.example", "xn--mller-kva.example"),
        ("192.0.2.1", ""),
        ("192.0.2.1.", ""),
        ("*.192.0.2.1", ""),
        ("[192.0.2.1]", ""),
        ("2001:db8::1", ""),
        ("[IPv6:2001:db8::1]", ""),
        ("::ffff:192.0.2.1", ""),
        ("3221225985", ""),
        ("192.513", ""),
        ("mail.example.123", ""),
        ("192.0.0x201", ""),
        ("0xc0000201", ""),
        ("mail", ""),
        ("hostname", ""),
        ("nexthop", ""),
        ("dot-nexthop", ""),
        ("hostname.", ""),
        ("", ""),
        (".", ""),
        ("*", ""),
        ("*.", ""),
        ("*.com", ""),
        (".example.com", ""),
        ("**.example.com", ""),
        ("*.*.example.com", ""),
        ("mail*.example.com", ""),
        ("mail.*.example.com", ""),
        ("mail..example.com", ""),
        ("mail.example.com..", ""),
        ("-mail.example.com", ""),
        ("mail-.example.com", ""),
        ("mail.example.com servername=x", ""),
        ("mail.example.com:evil.example", ""),
        ("mail.example.com:25", ""),
        ("mail.example.com, mx2.example.com", ""),
        ("mail.example.com;", ""),
        ("10 mail.example.com", ""),
        ("<mail.example.com>", ""),
        ("https://mail.example.com", ""),
        ("m\u00fcller.example", ""),
        (f"{'a' * 64}.example.com", ""),
        ("a." * 127 + "com", ""),
    ],
)
def test_what_is_no_mail_server_is_left_out_and_the_rest_is_demanded(value: str, meant: str) -> None:
    assert server(value) == meant
    found = parse(GOOD.replace("*.example.net", value))
    assert found.mx == tuple(dict.fromkeys(filter(None, ("mail.example.com", meant))))
    matched = ":".join(name.removeprefix("*") for name in found.mx)
    assert demand(found) == f"secure match={matched} servername=hostname"
    if not meant:
        with pytest.raises(BadPolicy):
            parse(f"version: STSv1\nmode: enforce\nmx: {value}\nmax_age: 60")


@given(st.lists(st.text(alphabet="aA1x0.-_*: \t=[]\r", max_size=12), max_size=8))
def test_whatever_is_published_postfix_gets_names_of_hosts_alone(values: list[str]) -> None:
    try:
        found = parse(GOOD + "".join(f"mx: {one}\n" for one in values))
    except BadPolicy:
        return
    pattern = (
        r"secure match=(\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z0-9_-]*[a-z_-][a-z0-9_-]*:?)+(?<!:) servername=hostname"
    )
    assert re.fullmatch(pattern, demand(found)), demand(found)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + GOOD,
        "\n\r\n \n" + GOOD,
        GOOD.replace("mode: enforce\r\n", "mode: enforce\n\n"),
        GOOD.replace("\r\n", "  \r\n").replace("mx:", "  mx:"),
        GOOD.replace(": ", ":"),
        GOOD.replace("\r\n", "\nx_field: 1\n"),
        GOOD.rstrip(),
        "mx: 192.0.2.1\n" + GOOD + "mx: mail.example.com\nmx: 2001:db8::1\n",
    ],
)
def test_what_people_publish_beside_it_changes_nothing(text: str) -> None:
    assert parse(text) == parse(GOOD)
