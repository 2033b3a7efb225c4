"""Real questions to real name servers that are right, broken, silent or lying."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from mailroom.dns.shape import Reply
from mailroom.dns.wire import Wire
from name_servers import NameServer, NameServers, name_servers
from signed_dns import SignedDns

HERE = "127.0.53.10"
LONG = [f'"{"x" * 200}{number}"' for number in range(12)]
ZONE = {
    "example.com": {
        "example.com": {"MX": ["0 Mail.Example.com."], "TXT": ['"v=spf1 " "mx ~all"'], "NS": ["ns1.example.com."]},
        "mail.example.com": {"A": ["192.0.2.25"]},
        "long.example.com": {"TXT": LONG},
        "www.example.com": {"CNAME": ["mail.example.com."]},
        "sub.example.com": {"NS": ["ns1.sub.example.com.", "ns.elsewhere.example."]},
        "ns1.sub.example.com": {"A": ["127.0.53.11"]},
    }
}


@pytest.fixture
def servers() -> Iterator[NameServers]:
    with name_servers() as made:
        yield made


def ask(servers: NameServers, name: str, kind: str, limit_s: float = 5.0, at: str = HERE) -> Reply:
    return asyncio.run(Wire(servers.port).ask(at, name, kind, limit_s))


def test_records_as_text(servers: NameServers) -> None:
    servers.add(HERE, NameServer(ZONE))
    assert ask(servers, "example.com", "MX") == Reply("answer", ("0 mail.example.com",), 300)
    assert ask(servers, "example.com", "TXT").values == ("v=spf1 mx ~all",)
    assert ask(servers, "MAIL.example.com", "A").values == ("192.0.2.25",)
    assert ask(servers, "mail.example.com", "AAAA") == Reply("nothing")
    assert ask(servers, "gone.example.com", "A") == Reply("no_name")
    assert ask(servers, "www.example.com", "A").alias == "mail.example.com"


def test_over_ipv6(servers: NameServers) -> None:
    servers.add("::1", NameServer(ZONE))
    assert ask(servers, "mail.example.com", "A", at="::1").values == ("192.0.2.25",)


@pytest.mark.parametrize(
    ("manner", "expected"),
    [
        ("refused", "refused"),
        ("servfail", "failed"),
        ("lame", "lame"),
        ("no_tcp", "truncated"),
    ],
)
def test_a_server_that_does_not_help_is_told_as_such(servers: NameServers, manner: str, expected: str) -> None:
    servers.add(HERE, NameServer(ZONE, manner))
    assert ask(servers, "mail.example.com", "A").outcome == expected


@pytest.mark.parametrize(
    ("manner", "expected"), [("silent", "slow"), ("false_id", "false"), ("false_question", "false")]
)
def test_after_the_limit_it_is_told_whether_anything_came(servers: NameServers, manner: str, expected: str) -> None:
    servers.add(HERE, NameServer(ZONE, manner))
    assert ask(servers, "mail.example.com", "A", limit_s=0.5).outcome == expected


def test_false_answers_do_not_keep_the_right_one_away(servers: NameServers) -> None:
    servers.add(HERE, NameServer(ZONE, "false_first"))
    assert ask(servers, "mail.example.com", "A").values == ("192.0.2.25",)


def test_nobody_there(servers: NameServers) -> None:
    assert ask(servers, "mail.example.com", "A").outcome == "unreachable"
    assert ask(servers, "mail.example.com", "A", at="no address").outcome == "unreachable"


def test_what_is_too_long_for_udp_comes_over_tcp(servers: NameServers) -> None:
    server = servers.add(HERE, NameServer(ZONE, "truncated"))
    assert len(ask(servers, "long.example.com", "TXT").values) == 12
    assert [over for _, _, over in server.asked] == ["udp", "tcp"]


def test_old_servers_are_asked_plainly(servers: NameServers) -> None:
    server = servers.add(HERE, NameServer(ZONE, "no_edns"))
    assert ask(servers, "mail.example.com", "A").values == ("192.0.2.25",)
    assert len(server.asked) == 2


def test_others_that_are_responsible_are_named(servers: NameServers) -> None:
    servers.add(HERE, NameServer(ZONE))
    referral = ask(servers, "mail.sub.example.com", "A").referral
    assert referral is not None
    assert (referral.zone, referral.servers) == ("sub.example.com", ("ns.elsewhere.example", "ns1.sub.example.com"))
    # Only what lies below the zone may be told by its parent.
    assert referral.addresses == {"ns1.sub.example.com": ("127.0.53.11",)}


@pytest.mark.parametrize("name", ["", "a" * 64 + ".example", "..", "a..b"])
def test_what_is_no_name_is_not_asked(servers: NameServers, name: str) -> None:
    server = servers.add(HERE, NameServer(ZONE))
    assert ask(servers, name, "A").outcome in ("no_name", "refused")
    assert not [asked for asked, _, _ in server.asked if asked]


def test_signatures_are_seen_and_whoever_has_checked_them(servers: NameServers) -> None:
    """RFC 4035 3.2: the DO bit asks for them, the AD bit says that they are right."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind((HERE, servers.port))
    tcp = socket.socket()
    made = SignedDns(link, tcp, {"a.example": {"_25._tcp.a.example": {"TLSA": ["3 1 0 " + "ab" * 70]}}}, {})

    def told(name: str, kind: str, signatures: bool = False) -> Reply:
        return asyncio.run(Wire(servers.port).ask(HERE, name, kind, 5.0, recurse=True, signatures=signatures))

    assert told(".", "DNSKEY", signatures=True).signed and not told(".", "DNSKEY").signed
    assert told("_25._tcp.a.example", "TLSA").values == ("3 1 0 " + "ab" * 70,)
    made.manner = "stripped"
    assert told(".", "DNSKEY", signatures=True).outcome == "answer"
    assert not told(".", "DNSKEY", signatures=True).signed
    assert not told("a.example", "NS").secure
    made.close()
