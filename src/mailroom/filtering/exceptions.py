"""Servers and senders that may send as own domains from outside (X06-10), made ready once for all messages."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from mailroom.filtering.wildcard import fits


@dataclass(frozen=True)
class Exceptions:
    """networks: of servers. patterns: of senders, in lower case, in which * stands for anything."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    patterns: tuple[str, ...] = ()

    def covers(self, client: str, addresses: Iterable[str]) -> bool:
        """Whether this client's address, or any of these senders, is excepted."""
        if self.networks and client and any(ipaddress.ip_address(client) in network for network in self.networks):
            return True
        return bool(self.patterns) and any(fits(pattern, one) for one in addresses for pattern in self.patterns)


def compiled(texts: Iterable[str]) -> Exceptions:
    """From what the setting holds. Raises ValueError for what is no network."""
    known = list(texts)
    patterns = tuple(text for text in known if "@" in text or "*" in text)
    return Exceptions(tuple(ipaddress.ip_network(text) for text in known if text not in patterns), patterns)
