"""Networks as people type them, and addresses as they are counted. Standard library alone (the sign-in service)."""

from __future__ import annotations

import ipaddress

# One customer has a whole network of this size, often more (RFC 6177 2).
IPV6_BITS = 64


def network(text: str) -> str:
    """A network in CIDR form, e.g. "192.168.1.0/24"; a lone address is a network of one. Raises ValueError."""
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"{text} is not a network. Write it like 192.168.1.0/24.") from None
    if found.prefixlen == 0:
        raise ValueError("A network that holds every address would let everybody send. Name a smaller one.")
    return str(found)


def plain_address(address: str) -> str:
    """One spelling for each address, so that ::ffff:192.0.2.1 and 192.0.2.1 are the same; other text as it is."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)


def counted_as(address: str) -> str:
    """The address, or of IPv6 the network, under which a client is counted: the one place that says so.

    A 6to4 address counts as the IPv4 address in it, because its owner has 65,536 networks (RFC 3056 2).
    """
    try:
        found = ipaddress.ip_address(plain_address(address))
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address) or found.is_loopback:
        return str(found)
    if found.sixtofour:
        return str(found.sixtofour)
    return str(ipaddress.ip_network((found, IPV6_BITS), strict=False))
