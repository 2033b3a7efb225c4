"""What a domain announces in DNS, and what counts of it (RFC 7672, RFC 8461)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mailroom.dns.announced import Announced, Unanswered
from mailroom.dns.shape import Reply

RIGHT, WRONG = "3 1 1 " + "ab" * 32, "1 1 1 " + "ab" * 32
SECURE = {
    "a.example MX": Reply("answer", ("10 mx1.a.example", "20 mx2.a.example"), secure=True),
    "mx1.a.example A": Reply("answer", ("192.0.2.1",), secure=True),
    "mx2.a.example A": Reply("nothing", secure=True),
    "mx2.a.example AAAA": Reply("answer", ("2001:db8::2",), secure=True),
}


class Dns:
    """Questions with ready answers; what is not among them does not exist, securely."""

    def __init__(self, known: dict[str, Reply]) -> None:
        self.known = known
        self.asked: list[str] = []

    async def ask(self, server: str, name: str, kind: str, limit_s: float, recurse: bool = False) -> Reply:
        assert server == "127.0.0.153" and recurse
        self.asked.append(f"{name} {kind}")
        return self.known.get(f"{name} {kind}", Reply("no_name", secure=True))


def dane(known: dict[str, Reply]) -> tuple[str, list[str]]:
    dns = Dns({**SECURE, **known})
    return asyncio.run(Announced(dns, "127.0.0.153").dane("a.example")), dns.asked


def tlsa(*texts: str, secure: bool = True) -> Reply:
    return Reply("answer", texts, secure=secure)


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({}, "none"),
        ({"_25._tcp.mx1.a.example TLSA": tlsa(RIGHT)}, "usable"),
        ({"_25._tcp.mx2.a.example TLSA": tlsa(WRONG, RIGHT)}, "usable"),
        ({"_25._tcp.mx1.a.example TLSA": tlsa("2 0 2 " + "cd" * 64)}, "usable"),
        ({"_25._tcp.mx1.a.example TLSA": tlsa("3 1 0 3059")}, "usable"),
        ({"_25._tcp.mx1.a.example TLSA": tlsa(WRONG)}, "none"),
        ({"_25._tcp.mx1.a.example TLSA": tlsa("3 1 1 abcd", "3 2 1 " + "ab" * 32, "3 1 9 ab")}, "none"),
        ({"_25._tcp.mx1.a.example TLSA": tlsa(RIGHT, secure=False)}, "none"),
        ({"_25._tcp.mx1.a.example TLSA": Reply("failed")}, "unknown"),
        ({"a.example MX": Reply("failed")}, "unknown"),
        ({"a.example MX": Reply("slow")}, "unknown"),
    ],
)
def test_whether_servers_are_to_be_checked_by_dane(known: dict[str, Reply], found: str) -> None:
    assert dane(known)[0] == found


def test_what_is_not_signed_is_asked_no_further() -> None:
    """RFC 7672 2.2.2: those who serve such names do not always answer such questions."""
    records = {"_25._tcp.mx1.a.example TLSA": tlsa(RIGHT), "_25._tcp.mx2.a.example TLSA": tlsa(RIGHT)}
    unsigned = Reply("answer", ("10 mx1.a.example",))
    assert dane({**records, "a.example MX": unsigned}) == ("none", ["a.example MX"])
    plain = {"mx1.a.example A": Reply("answer", ("192.0.2.1",)), "mx2.a.example AAAA": Reply("answer", ("::1",))}
    found, asked = dane({**records, **plain})
    assert found == "none" and not any("TLSA" in one for one in asked)


def test_without_an_mx_the_domain_is_its_own_server() -> None:
    known = {"a.example MX": Reply("nothing", secure=True), "a.example A": Reply("answer", ("192.0.2.1",), secure=True)}
    assert dane({**known, "_25._tcp.a.example TLSA": tlsa(RIGHT)})[0] == "usable"


def test_an_alias_of_a_server() -> None:
    known = {
        "mx1.a.example A": Reply("answer", alias="host.b.example", secure=True),
        "host.b.example A": Reply("answer", ("192.0.2.1",), secure=True),
    }
    assert dane({**known, "_25._tcp.host.b.example TLSA": tlsa(RIGHT)})[0] == "usable"
    assert dane({**known, "_25._tcp.mx1.a.example TLSA": tlsa(RIGHT)})[0] == "usable"


def sts_id(**more: Any) -> str:
    known = {"_mta-sts.a.example TXT": more["at"], "_mta-sts.b.example TXT": more.get("beyond", more["at"])}
    return asyncio.run(Announced(Dns(known), "127.0.0.153").sts_id("a.example"))


@pytest.mark.parametrize(
    ("texts", "id"),
    [
        (("v=STSv1; id=20260101T000000;",), "20260101T000000"),
        (("v=STSv1;id=1",), "1"),
        (("v=STSv1; x=y; id=abc ; z=1",), "abc"),
        (("something else", "v=STSv1; id=1;"), "1"),
        (("v=STSv1; id=1;", "v=STSv1; id=2;"), ""),
        (("v=STSv1; id=;",), ""),
        (("v=STSv1; id=a-b;",), ""),
        (("v=STSv1;",), ""),
        (("v=STSv10; id=1;",), ""),
        (("id=1; v=STSv1;",), ""),
        ((f"v=STSv1; id={'a' * 33};",), ""),
        ((), ""),
    ],
)
def test_the_id_of_a_policy(texts: tuple[str, ...], id: str) -> None:
    assert sts_id(at=Reply("answer", texts)) == id


def test_the_id_through_an_alias_and_when_dns_does_not_say() -> None:
    alias = Reply("answer", alias="_mta-sts.b.example")
    assert sts_id(at=alias, beyond=Reply("answer", ("v=STSv1; id=7",))) == "7"
    for bad in (Reply("failed"), Reply("slow"), alias):
        with pytest.raises(Unanswered):
            sts_id(at=alias, beyond=bad)
