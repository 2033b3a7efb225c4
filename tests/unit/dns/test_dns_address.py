"""What addresses and reverse names tell by themselves."""

from __future__ import annotations

import pytest

from mailroom.core.net import kind
from mailroom.dns.address import carries_address, looks_dynamic, reverse_name


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.25", "public"),
        ("2001:db8::25", "public"),
        ("10.0.0.1", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.1", "public"),
        ("192.168.1.102", "private"),
        ("fd00::1", "private"),
        ("::ffff:192.168.1.2", "private"),
        ("100.63.255.255", "public"),
        ("100.64.0.1", "shared"),
        ("100.127.255.255", "shared"),
        ("100.128.0.1", "public"),
        ("127.0.0.1", "local"),
        ("169.254.7.7", "local"),
        ("fe80::1", "local"),
        ("0.0.0.0", "local"),
    ],
)
def test_the_kind_of_an_address(address: str, expected: str) -> None:
    assert kind(address) == expected


def test_the_name_of_the_way_back() -> None:
    assert reverse_name("192.0.2.25") == "25.2.0.192.in-addr.arpa"
    assert reverse_name("2001:db8::25") == "5.2" + 22 * ".0" + ".8.b.d.0.1.0.0.2.ip6.arpa"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dyn-192-0-2-25.isp.example", True),
        ("p5b0a1234.dip0.dsl.isp.example", True),
        ("pool3.berlin.isp.example", True),
        ("192-0-2-25.dynamic.isp.example", True),
        ("ppp25.isp.example", True),
        ("192-0-2-25.static.isp.example", False),
        ("static-pool-7.isp.example", False),
        ("mail.example.com", None),
        ("192-0-2-25.isp.example", None),
        # Words that only look like it, and names of companies.
        ("dynamo.example.com", None),
        ("mail.dsl.example", None),
        ("liverpool.example.com", None),
    ],
)
def test_names_of_changing_addresses(name: str, expected: bool | None) -> None:
    assert looks_dynamic(name) is expected


@pytest.mark.parametrize(
    ("name", "address", "expected"),
    [
        ("host-192-0-2-25.isp.example", "192.0.2.25", True),
        ("25.2.0.192.isp.example", "192.0.2.25", True),
        ("c0000219.isp.example", "192.0.2.25", True),
        ("192000002025.isp.example", "192.0.2.25", True),
        ("mail25.example.com", "192.0.2.25", False),
        ("host-192-0-2-251.isp.example", "192.0.2.25", False),
        ("2001-db8-0-0-0-0-0-25.isp.example", "192.0.2.25", False),
        ("mail.example.com", "2001:db8::25", False),
        ("20010db8000000000000000000000025.isp.example", "2001:db8::25", True),
    ],
)
def test_names_that_spell_their_address(name: str, address: str, expected: bool) -> None:
    assert carries_address(name, address) is expected
