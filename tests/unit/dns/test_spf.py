"""What SPF makes of an address: each kind of term, each limit (RFC 7208)."""

from __future__ import annotations

import asyncio

import pytest

from mailroom.dns.spf import Evaluation, Policy
from mailroom.dns.spf_macros import expand

ADDRESS = "203.0.113.25"
WORLD: dict[tuple[str, str], tuple[str, ...] | None] = {
    ("example.com", "MX"): ("0 mail.example.com",),
    ("example.com", "A"): ("203.0.113.80",),
    ("mail.example.com", "A"): (ADDRESS,),
    ("mail.example.com", "AAAA"): ("2001:db8::25",),
    ("ours.example", "TXT"): ("v=spf1 ip4:203.0.113.0/24 -all",),
    ("others.example", "TXT"): ("other text", "v=spf1 ip4:198.51.100.0/24 -all"),
    ("without.example", "TXT"): ("no policy",),
    ("twice.example", "TXT"): ("v=spf1 -all", "v=spf1 +all"),
    ("silent.example", "TXT"): None,
    ("circle.example", "TXT"): ("v=spf1 include:circle.example -all",),
    ("25.113.0.203.known.example", "A"): ("127.0.0.2",),
    ("many.example", "MX"): tuple(f"{at} mx{at}.example" for at in range(11)),
}


def policy(record: str, address: str = ADDRESS) -> Policy:
    async def ask(name: str, kind: str) -> tuple[str, ...] | None:
        return WORLD.get((name, kind), ())

    return asyncio.run(Evaluation(ask, address, "example.com", "mail.example.com").run(record))


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        ("v=spf1 mx ~all", "pass"),
        ("v=spf1 MX -ALL", "pass"),
        ("v=spf1 a:mail.example.com -all", "pass"),
        ("v=spf1 a -all", "fail"),
        ("v=spf1 a/24 -all", "pass"),
        ("v=spf1 a:example.com/25//64 -all", "pass"),
        ("v=spf1 ip4:203.0.113.25 -all", "pass"),
        ("v=spf1 ip6:2001:db8::/32 -all", "fail"),
        ("v=spf1 include:ours.example -all", "pass"),
        ("v=spf1 include:others.example ~all", "softfail"),
        ("v=spf1 include:others.example", "neutral"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1 redirect=ours.example", "pass"),
        ("v=spf1 redirect=others.example", "fail"),
        ("v=spf1 mx redirect=others.example", "pass"),
        ("v=spf1 exists:%{ir}.known.example -all", "pass"),
        ("v=spf1 exists:%{i}.known.example -all", "fail"),
        ("v=spf1 -mx +all", "fail"),
        ("v=spf1 exp=explain.example unknown=thing mx -all", "pass"),
    ],
)
def test_what_a_record_makes_of_our_address(record: str, outcome: str) -> None:
    assert policy(record).outcome == outcome


def test_ipv6_is_looked_up_as_such() -> None:
    assert policy("v=spf1 mx -all", "2001:db8::25").outcome == "pass"
    assert policy("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::25").outcome == "pass"
    assert policy("v=spf1 mx//32 -all", "2001:db8:ffff::1").outcome == "pass"


@pytest.mark.parametrize(
    ("record", "reason", "name"),
    [
        ("v=spf1 include:without.example -all", "include_none", "without.example"),
        ("v=spf1 redirect=without.example", "include_none", "without.example"),
        ("v=spf1 include:twice.example -all", "several", "twice.example"),
        ("v=spf1 include:circle.example -all", "too_many", "circle.example"),
        ("v=spf1 a:no1.example a:no2.example a:no3.example mx -all", "too_many_empty", "example.com"),
        ("v=spf1 mx:many.example -all", "too_many_names", "example.com"),
        ("v=spf1 mx, -all", "unreadable", "example.com"),
        ("v=spf1 ip4:203.0.113.500 -all", "unreadable", "example.com"),
        ("v=spf1 include: -all", "unreadable", "example.com"),
        ("v=spf1 exists:%{nonsense}.example -all", "unreadable", "example.com"),
        # A bad word counts wherever it stands: nobody reads the first half alone.
        ("v=spf1 mx -all nonsense!", "unreadable", "example.com"),
    ],
)
def test_records_that_never_work(record: str, reason: str, name: str) -> None:
    found = policy(record)
    assert (found.outcome, found.reason, found.name) == ("permerror", reason, name)


def test_exactly_ten_lookups_are_allowed() -> None:
    ten = " ".join(["a:mail.example.com"] * 0 + ["a:example.com"] * 9)
    assert policy(f"v=spf1 {ten} mx -all").outcome == "pass"
    assert policy(f"v=spf1 {ten} a:example.com mx -all").reason == "too_many"


def test_a_name_that_nobody_tells_about_is_for_now() -> None:
    found = policy("v=spf1 include:silent.example -all")
    assert (found.outcome, found.name) == ("temperror", "silent.example")


def test_macros() -> None:
    def made(text: str, address: str = ADDRESS) -> str:
        return expand(text, address, "sender.example", "below.example", "mail.example.com")

    assert made("%{d2}.%{o}.x") == "below.example.sender.example.x"
    assert made("%{ir}.%{v}.list.example") == "25.113.0.203.in-addr.list.example"
    assert made("%{h1}-%{d1r}%%.x") == "com-below%.x"
    assert made("%{i}.x", "2001:db8::1").startswith("2.0.0.1.0.d.b.8.")
    assert len(made(f"{'a' * 60}." * 5 + "example")) <= 253
    with pytest.raises(ValueError):
        made("%x")
