"""The black and white lists, made ready once for all messages that follow (rows BW01-BW11)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mailroom.core.address import without_extension
from mailroom.core.bypass import SKIPS
from mailroom.filtering.patterns import Patterns

REJECT, DISCARD = "reject", "discard"


@dataclass(frozen=True)
class Rule:
    """One enabled rule. place: where it stands in its list. action: "reject" | "discard", or "" in the whitelist."""

    place: int
    name: str
    type: str
    criteria: str
    action: str = ""


class RuleList:
    """The rules of one list, by what they look for."""

    def __init__(self, items: Iterable[dict[str, Any]]) -> None:
        rules = [
            Rule(place, item["name"], item["type"], item["criteria"], item.get("action", ""))
            for place, item in enumerate(items)
            if item["enabled"]
        ]
        self.any = bool(rules)
        # (IP version, bits) -> network -> rule; a lone address is a network of its own.
        self.networks: dict[tuple[int, int], dict[int, list[Rule]]] = {}
        for rule in rules:
            if rule.type in ("ip", "ip_mask"):
                network = ipaddress.ip_network(rule.criteria)
                shift = network.max_prefixlen - network.prefixlen
                known = self.networks.setdefault((network.version, shift), {})
                known.setdefault(int(network.network_address) >> shift, []).append(rule)
        self.patterns = {
            kind: Patterns((rule.criteria, rule) for rule in rules if rule.type == kind)
            for kind in ("sender", "recipient")
        }
        self.domains: dict[str, list[Rule]] = {}
        for rule in rules:
            if rule.type == "domain":
                self.domains.setdefault(rule.criteria, []).append(rule)

    def of_client(self, address: str) -> list[Rule]:
        """The rules for a client's address."""
        if not self.networks or not address:
            return []
        client = ipaddress.ip_address(address)
        found: list[Rule] = []
        for (version, shift), known in self.networks.items():
            if version == client.version:
                found += known.get(int(client) >> shift, ())
        return found

    def of_sender(self, address: str) -> list[Rule]:
        """The rules for MAIL FROM."""
        return [*self.patterns["sender"].of(address), *self.domains.get(address.rpartition("@")[2], ())]

    def of_recipient(self, address: str) -> list[Rule]:
        """The rules for one RCPT TO."""
        return list(self.patterns["recipient"].of(address))


@dataclass(frozen=True)
class Ruling:
    """What the lists say of one recipient: the whitelist's rules, or without any the blacklist's first one."""

    white: tuple[Rule, ...] = ()
    black: Rule | None = None

    @property
    def skips(self) -> frozenset[str]:
        """The tests that mail to this recipient may skip (core/bypass.py)."""
        return frozenset(test for rule in self.white for test in SKIPS[rule.type])

    @property
    def is_rejected(self) -> bool:
        """Whether the sender is to be told no."""
        return self.black is not None and self.black.action == REJECT

    @property
    def is_discarded(self) -> bool:
        """Whether mail to this recipient is to vanish."""
        return self.black is not None and self.black.action == DISCARD


class Envelope:
    """The lists as they are about one client and sender."""

    def __init__(self, lists: Lists, client: str, sender: str) -> None:
        self.lists = lists
        address = plain(sender)
        self.white = [*lists.whitelist.of_client(client), *lists.whitelist.of_sender(address)]
        self.black = [*lists.blacklist.of_client(client), *lists.blacklist.of_sender(address)]

    def to(self, recipient: str) -> Ruling:
        """What they say of mail to this recipient. The whitelist takes priority (row BW10)."""
        address = plain(recipient)
        # ben+shop is ben: a rule for either is for this mail (X06-01).
        spelt = dict.fromkeys((address, without_extension(address, self.lists.separator)))
        white = [*self.white, *(rule for one in spelt for rule in self.lists.whitelist.of_recipient(one))]
        if white:
            return Ruling(white=tuple(sorted(dict.fromkeys(white), key=_place)))
        black = [*self.black, *(rule for one in spelt for rule in self.lists.blacklist.of_recipient(one))]
        return Ruling(black=min(black, key=_place, default=None))


class Lists:
    """Both lists. Raises KeyError or ValueError for items that are no rules.

    separator: of address extensions, or "".
    """

    def __init__(
        self,
        blacklist: Sequence[dict[str, Any]] = (),
        whitelist: Sequence[dict[str, Any]] = (),
        separator: str = "",
    ) -> None:
        self.blacklist, self.whitelist, self.separator = RuleList(blacklist), RuleList(whitelist), separator
        self.any = self.blacklist.any or self.whitelist.any

    def about(self, client: str, sender: str) -> Envelope:
        """What they say of mail from this client's address and this sender."""
        return Envelope(self, client, sender)


def plain(address: str) -> str:
    """An address of an envelope in lower case, without quotes and without a route (RFC 5321 4.1.2, appendix C)."""
    bare = address.rpartition(":")[2] if address.startswith("@") else address
    return bare.replace('"', "").replace("\\", "").lower()


def _place(rule: Rule) -> int:
    return rule.place
