"""The whole check against real name servers: records that are right, wrong, missing, slow, refused, too long.

Each server has an address of its own; the resolver only finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mailroom.core.settings import AllValues, defaults
from mailroom.dns.wire import Wire
from mailroom.flows import dns_records
from mailroom.flows.dns_records import World
from name_servers import NameServer, NameServers, name_servers

RESOLVER, ONE, TWO, PROVIDER = "127.0.53.1", "127.0.53.11", "127.0.53.12", "127.0.53.21"
ADDRESS = "203.0.113.25"
RANGE, PART, REVERSE = "113.0.203.in-addr.arpa", "24-31.113.0.203.in-addr.arpa", "25.113.0.203.in-addr.arpa"


def right() -> dict[str, dict[str, list[str]]]:
    return {
        "example.com": {
            "NS": ["ns1.example.com.", "ns2.example.com."],
            "MX": ["0 mail.example.com."],
            "TXT": ['"v=spf1 mx ~all"'],
        },
        "ns1.example.com": {"A": [ONE]},
        "ns2.example.com": {"A": [TWO], "AAAA": ["::1"]},
        "mail.example.com": {"A": [ADDRESS]},
        "_dmarc.example.com": {"TXT": ['"v=DMARC1; " "p=none"']},
        "autoconfig.example.com": {"CNAME": ["mail.example.com."]},
    }


def reverse(*names: str) -> dict[str, dict[str, list[str]]]:
    return {
        RANGE: {"NS": ["ns.isp.example."]},
        REVERSE: {"PTR": [f"{name}." for name in names]} if names else {},
    }


class Net:
    """A small Internet: a resolver, the domain's two servers, the provider's one with the reverse zone."""

    def __init__(self, servers: NameServers) -> None:
        self.servers = servers
        self.zone, self.second, self.back = right(), right(), reverse("mail.example.com")
        isp = {"isp.example": {"isp.example": {"NS": ["ns.isp.example."]}, "ns.isp.example": {"A": [PROVIDER]}}}
        known = {"example.com": self.zone, RANGE: {RANGE: self.back[RANGE]}, **isp}
        self.resolver = servers.add(RESOLVER, NameServer(known, resolver=True))
        self.one = servers.add(ONE, NameServer({"example.com": self.zone}))
        self.two = servers.add(TWO, NameServer({"example.com": self.second}))
        self.provider = servers.add(PROVIDER, NameServer({RANGE: self.back}))

    def put(self, name: str, **records: list[str]) -> None:
        """Have these records at both servers."""
        self.zone[name] = self.second[name] = records

    def check(self, address: str = ADDRESS) -> dict[str, Any]:
        world = World(lambda: Wire(self.servers.port), lambda: (RESOLVER,), dict)
        return dns_records.check(settings(), {"address": address}, world)


def settings() -> AllValues:
    values = defaults()
    values["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com")
    return values


def states(facts: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["state"] for one in facts["records"]}


def code(facts: dict[str, Any], id: str) -> str:
    return str(next(one["code"] for one in facts["records"] if one["id"] == id))


@pytest.fixture
def net() -> Iterator[Net]:
    with name_servers() as servers:
        yield Net(servers)


def test_right(net: Net) -> None:
    facts = net.check()
    assert {id: states(facts)[id] for id in ("a", "mx", "ptr", "spf", "dmarc", "autoconfig")} == dict.fromkeys(
        ("a", "mx", "ptr", "spf", "dmarc", "autoconfig"), "right"
    )
    assert facts["name_servers"] == ["ns1.example.com", "ns2.example.com"]
    assert not facts["relay_advised"]
    # What counts was asked of each server itself, and of the resolver only who they are.
    for server in (net.one, net.two):
        assert {("example.com", "MX"), ("mail.example.com", "A")} <= {asked[:2] for asked in server.asked}
    assert {kind for _, kind, _ in net.resolver.asked} <= {"NS", "A", "AAAA"}
    assert ("mail.example.com", "A", "udp") not in net.resolver.asked


def test_wrong_and_missing(net: Net) -> None:
    net.put("example.com", NS=right()["example.com"]["NS"], MX=["10 mx.elsewhere.example."])
    net.put("mail.example.com", A=["198.51.100.9"])
    del net.zone["_dmarc.example.com"], net.second["_dmarc.example.com"]
    facts = net.check()
    found = {one["id"]: (one["state"], one["found"]) for one in facts["records"]}
    assert found["a"] == ("wrong", ["198.51.100.9"])
    assert found["mx"] == ("wrong", ["10 mx.elsewhere.example"])
    assert found["spf"] == ("missing", [])
    assert found["dmarc"] == ("missing", [])
    assert code(facts, "ptr") == "ptr_not_confirmed"


def test_slow(net: Net) -> None:
    net.one.manner = net.two.manner = "silent"
    facts = net.check()
    assert (states(facts)["mx"], states(facts)["a"]) == ("slow", "slow")
    # The provider's server does answer; whether its name leads back, nobody can tell.
    ptr = next(one for one in facts["records"] if one["id"] == "ptr")
    assert (ptr["state"], ptr["values"]["name"]) == ("slow", "mail.example.com")


def test_one_of_two_is_slow(net: Net) -> None:
    net.two.manner = "silent"
    net.zone["ns2.example.com"] = {"A": [TWO]}
    facts = net.check()
    assert (states(facts)["mx"], code(facts, "mx")) == ("right", "right_some_silent")


@pytest.mark.parametrize(
    ("manner", "expected"),
    [
        ("refused", "servers_refused"),
        ("servfail", "servers_failed"),
        ("lame", "servers_lame"),
        ("false_id", "servers_false"),
    ],
)
def test_refused_broken_and_lying(net: Net, manner: str, expected: str) -> None:
    net.one.manner = net.two.manner = manner
    facts = net.check()
    assert (states(facts)["mx"], code(facts, "mx")) == ("refused", expected)


def test_too_long_for_udp(net: Net) -> None:
    net.one.manner = net.two.manner = "truncated"
    assert states(net.check())["spf"] == "right"
    assert "tcp" in {over for _, _, over in net.one.asked}


def test_servers_that_do_not_agree(net: Net) -> None:
    net.second["mail.example.com"] = {"A": ["198.51.100.9"]}
    facts = net.check()
    a = next(one for one in facts["records"] if one["id"] == "a")
    assert (a["state"], a["code"]) == ("wrong", "servers_differ")
    assert (a["values"]["right"], a["values"]["other"]) == ("ns1.example.com", "ns2.example.com")


def test_over_ipv6_when_only_that_works(net: Net) -> None:
    net.two.manner = "silent"
    net.servers.add("::1", NameServer({"example.com": net.second}))
    assert (states(net.check())["mx"], code(net.check(), "mx")) == ("right", "right")


def test_a_part_of_a_reverse_zone_that_is_the_customers(net: Net) -> None:
    """RFC 2317: the provider's zone has an alias into the customer's."""
    net.back[REVERSE] = {"CNAME": [f"25.{PART}."]}
    net.resolver.zones[PART] = {PART: {"NS": ["ns1.example.com."]}}
    net.one.zones[PART] = {PART: {"NS": ["ns1.example.com."]}, f"25.{PART}": {"PTR": ["mail.example.com."]}}
    assert states(net.check())["ptr"] == "right"


@pytest.mark.parametrize(
    ("names", "state", "expected", "relay"),
    [
        ((), "missing", "ptr_missing", None),
        (("box.isp.example",), "wrong", "ptr_other", None),
        (("25.pool.dyn.isp.example",), "wrong", "ptr_dynamic", "relay_dynamic"),
    ],
)
def test_reverse_names(net: Net, names: tuple[str, ...], state: str, expected: str, relay: str | None) -> None:
    net.back[REVERSE] = reverse(*names)[REVERSE]
    facts = net.check()
    assert (states(facts)["ptr"], code(facts, "ptr")) == (state, expected)
    assert (facts["relay"] or {}).get("code") == relay


def test_a_provider_that_does_not_answer_about_the_address(net: Net) -> None:
    net.provider.manner = "refused"
    assert (states(net.check())["ptr"], code(net.check(), "ptr")) == ("refused", "servers_refused")


def test_the_quick_answers_come_while_servers_are_silent(net: Net) -> None:
    net.two.manner = net.one.manner = "silent"
    world = World(lambda: Wire(net.servers.port), lambda: (RESOLVER,), dict)
    told = dns_records.quick("example.com", "mail.example.com", ADDRESS, 1.0, world)
    assert [(one["level"], one["code"]) for one in told["domain"]] == [("advice", "servers_slow")]
    assert "could not be asked" in told["domain"][0]["text"]
