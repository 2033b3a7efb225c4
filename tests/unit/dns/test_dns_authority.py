"""Those responsible are found and asked: by the resolver's NS, by referrals, over aliases; nobody goes in circles."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from mailroom.dns.authority import Authority, Told, names_above
from mailroom.dns.wire import Wire
from name_servers import NameServer, NameServers, Zones, name_servers

RESOLVER, TOP, ONE, TWO, OTHER = (f"127.0.53.{last}" for last in (1, 2, 11, 12, 21))
RECORDS = {
    "example.com": {"MX": ["0 mail.example.com."], "NS": ["ns1.example.com.", "ns2.example.com."]},
    "mail.example.com": {"A": ["192.0.2.25"]},
    "ns1.example.com": {"A": [ONE]},
    "ns2.example.com": {"A": [TWO]},
    "autoconfig.example.com": {"CNAME": ["host.other.example."]},
    "round.example.com": {"CNAME": ["about.example.com."]},
    "about.example.com": {"CNAME": ["round.example.com."]},
}
OTHERS = {
    "other.example": {"NS": ["ns.other.example."]},
    "ns.other.example": {"A": [OTHER]},
    "host.other.example": {"A": ["192.0.2.77"]},
}
CUT = {"example.com": RECORDS["example.com"]} | {name: RECORDS[name] for name in ("ns1.example.com", "ns2.example.com")}
COM = {"com": {"NS": ["ns.com."]}, "ns.com": {"A": [TOP]}}


@pytest.fixture
def servers() -> Iterator[NameServers]:
    with name_servers() as made:
        made.add(RESOLVER, NameServer({"example.com": RECORDS, "other.example": OTHERS, "com": COM}, resolver=True))
        made.add(TOP, NameServer({"com": {**COM, **CUT}}))
        made.add(OTHER, NameServer({"other.example": OTHERS}))
        yield made


def hold(servers: NameServers, one: str = "right", two: str = "right", second: Zones | None = None) -> None:
    servers.add(ONE, NameServer({"example.com": RECORDS}, one))
    servers.add(TWO, NameServer(second or {"example.com": RECORDS}, two))


def ask(servers: NameServers, name: str, kind: str, limit_s: float = 5.0) -> Told:
    async def asked() -> Told:
        return await Authority(Wire(servers.port), (RESOLVER,), limit_s).ask(name, kind)

    return asyncio.run(asked())


def outcomes(told: Told) -> dict[str, str]:
    return {server: reply.outcome for server, reply in told.replies}


def test_each_of_the_zones_own_servers_is_asked_and_no_cache(servers: NameServers) -> None:
    hold(servers)
    told = ask(servers, "example.com", "MX")
    assert (told.zone, told.values) == ("example.com", ("0 mail.example.com",))
    assert outcomes(told) == {"ns1.example.com": "answer", "ns2.example.com": "answer"}
    assert {kind for _, kind, _ in servers.servers[RESOLVER].asked} == {"NS", "A", "AAAA"}
    assert [asked for asked, kind, _ in servers.servers[ONE].asked] == ["example.com"]


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [("silent", "slow"), ("refused", "refused"), ("servfail", "failed"), ("lame", "lame"), ("false_id", "false")],
)
def test_one_server_that_does_not_help_leaves_the_other(servers: NameServers, manner: str, outcome: str) -> None:
    hold(servers, two=manner)
    told = ask(servers, "mail.example.com", "A", limit_s=2.0)
    assert outcomes(told) == {"ns1.example.com": "answer", "ns2.example.com": outcome}
    assert [server for server, _ in told.failed] == ["ns2.example.com"]


def test_servers_that_differ_are_both_told(servers: NameServers) -> None:
    changed: dict[str, Any] = {**RECORDS, "mail.example.com": {"A": ["198.51.100.9"]}}
    hold(servers, second={"example.com": changed})
    told = ask(servers, "mail.example.com", "A")
    assert told.values == ("192.0.2.25", "198.51.100.9")
    assert {server: reply.values for server, reply in told.said} == {
        "ns1.example.com": ("192.0.2.25",),
        "ns2.example.com": ("198.51.100.9",),
    }


def test_a_zone_that_the_resolver_does_not_know_yet_is_found_from_its_parent(servers: NameServers) -> None:
    hold(servers)
    del servers.servers[RESOLVER].zones["example.com"]
    told = ask(servers, "example.com", "MX")
    assert (told.zone, told.values) == ("example.com", ("0 mail.example.com",))
    assert servers.servers[TOP].asked


def test_a_domain_that_nobody_registered_is_denied_by_the_top_level(servers: NameServers) -> None:
    told = ask(servers, "nobody.com", "MX")
    assert (told.zone, outcomes(told)) == ("com", {"ns.com": "no_name"})
    assert ask(servers, "nobody.nowhere", "MX").trouble == "nobody_responsible"


def test_a_resolver_that_is_silent_is_told_as_such(servers: NameServers) -> None:
    servers.servers[RESOLVER].manner = "silent"
    assert ask(servers, "example.com", "MX", limit_s=0.8).trouble == "resolver_silent"


def test_an_alias_is_followed_to_those_responsible_for_where_it_leads(servers: NameServers) -> None:
    hold(servers)
    told = ask(servers, "autoconfig.example.com", "A")
    assert (told.name, told.aliases) == ("host.other.example", ("autoconfig.example.com",))
    assert (told.zone, told.values) == ("other.example", ("192.0.2.77",))


def test_aliases_that_go_in_a_circle_end(servers: NameServers) -> None:
    hold(servers)
    told = ask(servers, "round.example.com", "A")
    assert told.values == ()
    assert told.aliases == ("round.example.com",)


def test_servers_that_name_each_other_end(servers: NameServers) -> None:
    """The parent says: ask lost.com's server. That one says: ask the parent's. Neither knows."""
    lost = {"lost.com": {"NS": ["ns.lost.com."]}, "ns.lost.com": {"A": [ONE]}}
    servers.servers[TOP].zones["com"] |= lost
    up = {"com": {**COM, "lost.com": {"NS": ["ns.com."]}, "ns.com": {"A": [TOP]}}}
    servers.add(ONE, NameServer(up))
    told = ask(servers, "lost.com", "MX")
    assert outcomes(told) == {"ns.lost.com": "lame"}


def test_a_server_whose_name_has_no_address(servers: NameServers) -> None:
    hold(servers)
    servers.servers[RESOLVER].zones["example.com"] = {"example.com": {"NS": ["ns.gone.example."]}}
    assert outcomes(ask(servers, "example.com", "MX")) == {"ns.gone.example": "no_address"}


def test_a_name_is_looked_for_in_all_zones_above_it() -> None:
    assert names_above("mail.example.com") == ["mail.example.com", "example.com", "com"]
    assert names_above("25.2.0.192.in-addr.arpa")[2:4] == ["0.192.in-addr.arpa", "192.in-addr.arpa"]
    six = names_above("5.2" + 22 * ".0" + ".8.b.d.0.1.0.0.2.ip6.arpa")
    assert (six[-2], six[-1]) == ("8.b.d.0.1.0.0.2.ip6.arpa", "ip6.arpa")
