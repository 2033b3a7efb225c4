"""Who is counted as guessing accounts, and what the one who is blocked hears (row PO10)."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_session import OFFER, Wire

from filter_rules import RULES
from mailroom.core.filter_settings import Policy
from mailroom.core.net import counted_as
from mailroom.filtering.guessing import Guessing
from mailroom.filtering.milter import packet
from mailroom.flows.blocked import Blocked
from mailroom.store.events import EventStore
from mailroom.store.guesses import GuessStore

NOON = time.mktime((2026, 11, 24, 12, 0, 0, 0, 0, -1))
MIDNIGHT = time.mktime((2026, 11, 25, 0, 0, 0, 0, 0, -1))


class Net(Wire):
    """A wire with a real table of guesses."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.now = NOON
        self.store, self.events = GuessStore(folder / "guesses.sqlite"), EventStore(folder / "events.sqlite")
        self.guessing = Guessing(self.store, lambda: self.now)

        self.blocked = Blocked(self.store, self.events, lambda: self.now)

    def told(self) -> list[dict[str, Any]]:
        """The newest events, once the job process has looked."""
        self.blocked.tell()
        return self.events.newest(5)

    def tries(self, *accounts: str, address: str = "192.0.2.1", login: str = "") -> list[bytes]:
        """One transaction to accounts that Postfix refuses; what we answer to MAIL FROM."""
        kind = b"6" if ":" in address else b"4"
        packets = [
            OFFER,
            packet(b"D", b"Cj\0mail.example.com\0{daemon_name}\0smtp\0"),
            packet(b"C", b"host.example\0" + kind + b"\x00\x19" + address.encode() + b"\0"),
            packet(b"D", b"M{auth_authen}\0" + login.encode() + b"\0"),
            packet(b"M", b"<bob@out.example>\0"),
        ]
        words = (
            b"R{rcpt_mailer}\0error\0{rcpt_host}\x005.1.1\0{rcpt_addr}\0<x>: Recipient address rejected: User unknown\0"
        )
        for account in accounts:
            packets += [packet(b"D", words), packet(b"R", f"<{account}@example.com>\0".encode())]
        return [reply for reply in self.talk(*packets, packet(b"A")) if reply[:1] in (b"c", b"y")]


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    made = Net(tmp_path)
    yield made
    made.store.database.close()


REFUSED = b"y554 5.7.1 Too many unknown recipients today; blocked until tomorrow\0"


def test_above_the_limit_the_next_message_is_refused_and_recorded(net: Net) -> None:
    assert net.tries("a", "b") == [b"c"] and net.tries("ben") == [b"c"]
    assert net.tries("c") == [REFUSED]
    message, asked, verdict, _ = net.records[-1]
    assert verdict == "reject" and message.blocked
    assert asked[0].answer.setting == "mail_delivery.security.unknown_accounts"
    told = net.told()
    assert len(told) == 1 and "192.0.2.1" in told[0]["text"] and told[0]["kind"] == "signin"


def test_exactly_the_limit_is_not_too_many(net: Net) -> None:
    for _ in range(5):
        assert net.tries("a", "A") == [b"c"] and net.tries("b") == [b"c"]
    assert net.told() == []


def test_at_midnight_of_the_nas_it_is_over(net: Net) -> None:
    net.tries("a", "b", "c")
    net.now = MIDNIGHT - 1
    assert net.tries() == [REFUSED]
    net.now = MIDNIGHT
    assert net.tries() == [b"c"]


@pytest.mark.parametrize(
    "who", [{"login": "anna"}, {"address": "127.0.0.1"}, {"address": "::1"}, {"address": "10.1.2.3"}]
)
def test_who_is_known_is_never_counted(net: Net, who: dict[str, Any]) -> None:
    net.rules = replace(RULES, trusted=(ipaddress.ip_network("10.0.0.0/8"),))
    assert net.tries("a", "b", "c", "d", **who) == net.tries(**who) == [b"c"]


def test_a_signed_in_user_sends_from_a_blocked_address(net: Net) -> None:
    net.tries("a", "b", "c")
    assert net.tries(login="anna") == [b"c"] and net.tries() == [REFUSED]


def test_without_a_limit_nobody_is_blocked(net: Net) -> None:
    net.tries("a", "b", "c")
    net.rules = replace(RULES, policy=Policy(0))
    assert net.tries("d", "e", "f", "g") == [b"c"]


def test_of_ipv6_the_whole_network_is_counted(net: Net) -> None:
    assert counted_as("2001:db8:1:2:a::9") == "2001:db8:1:2::/64"
    for last, account in enumerate(("a", "b", "c")):
        net.tries(account, address=f"2001:db8::{last + 1}")
    assert net.tries(address="2001:db8::ffff") == [REFUSED]
    assert net.tries(address="2001:db8:0:1::1") == [b"c"]


def test_a_table_that_cannot_be_read_lets_mail_go_on(net: Net) -> None:
    net.tries("a", "b", "c")
    net.store.database.execute_sql("DROP TABLE blocks")
    assert net.tries("d") == [b"c"]


def test_one_account_with_many_extensions_is_one_account(net: Net) -> None:
    """PO10, X06-01."""
    general = replace(net.rules.general, address_separator="plus")
    net.rules = replace(net.rules, general=general, policy=Policy(2))
    net.tries(*(f"ghost+{turn}" for turn in range(9)))
    assert net.tries("other")[-1][:1] == b"c"
    net.rules = replace(net.rules, general=replace(general, address_separator="none"))
    net.tries("ghost+1", "ghost+2")
    assert net.tries("other") == [REFUSED]
