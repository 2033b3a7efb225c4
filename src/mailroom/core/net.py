"""Addresses and networks: how people and programs write them, where they lead, and whom one should not trust or ask.

One place for all: relays, authorities, policy hosts and trusted networks are judged by the same functions. Standard
library alone (the sign-in service).

Sources: IANA's special-purpose registries (RFC 6890), RFC 1918, RFC 4193, RFC 6598; inet_aton(3) for short forms.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import re
import socket
from collections.abc import Iterable
from typing import Literal

Kind = Literal["public", "private", "shared", "local"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 1918 and RFC 4193: behind a router. RFC 6598: behind the provider's own translation.
PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
SHARED = ipaddress.ip_network("100.64.0.0/10")
# "This network" (RFC 791): Linux takes all of it for the machine itself.
THIS = ipaddress.ip_network("0.0.0.0/8")
INSIDE = (*PRIVATE, SHARED, THIS, *map(ipaddress.ip_network, ("127.0.0.0/8", "169.254.0.0/16", "fe80::/10", "::1/128")))
# IPv6 addresses that carry an IPv4 address: translated (RFC 6052) and once compatible ones (RFC 4291 2.5.5.1).
CARRIERS = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
# The last part of a name that is read as a number, and so makes an address of it (inet_aton(3)): 127.1, 0x7f000001.
NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
# One customer has a whole network of this size, often more (RFC 6177 2).
IPV6_BITS = 64
# Trusted networks may hold as many public addresses as one IPv4 network of the largest old class, or an IPv6 /19,
# the largest block that was ever given to one organisation (RIPE NCC).
PUBLIC_MAX = {4: 2**24, 6: 2 ** (128 - 19)}
TOO_MANY = "Together these networks hold more public addresses than anybody owns: strangers could send to everybody."
ALL = "A network that holds every address would let everybody send. Name a smaller one."


def address_of(text: str) -> Address | None:
    """The address that a text is, as machines reach it: the IPv4 address inside an IPv6 one. None for anything else."""
    try:
        found = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return found
    inner = found.ipv4_mapped or found.sixtofour
    if inner is None and any(found in carrier for carrier in CARRIERS) and int(found) > 1:
        inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return inner or found


def is_odd_number(name: str) -> bool:
    """Whether the system's resolver would take a name for a number and so for an address: 127.1, 0, 0x7f.1, 017700001.

    No host has such a name (RFC 1123 2.1, RFC 3696 2); four plain numbers are an address, which `address_of` knows.
    """
    return address_of(name) is None and NUMBER.fullmatch(name.rstrip(".").rpartition(".")[2]) is not None


def kind(address: str) -> Kind:
    """What kind of address this is; "local" never leaves its machine or cable. Raises ValueError for no address."""
    found = address_of(address)
    if found is None:
        raise ValueError(address)
    if found in SHARED:
        return "shared"
    if any(found in network for network in PRIVATE):
        return "private"
    if found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast or found in THIS:
        return "local"
    return "local" if found == ipaddress.IPv4Address("255.255.255.255") else "public"


def is_public(address: str) -> bool:
    """Whether a client with this address comes from the Internet; False for what is no address (a unix socket)."""
    return address_of(address) is not None and kind(address) == "public"


def is_ours(address: str) -> bool:
    """Whether it leads to this machine: a local address, or one of an interface's. Raises ValueError for no address."""
    if kind(address) == "local":
        return True
    known = address_of(address)
    assert known is not None
    family = socket.AF_INET if known.version == 4 else socket.AF_INET6
    # The kernel lets only those be bound that are its own (ip(7), EADDRNOTAVAIL).
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as link:
        try:
            link.bind((str(known), 0))
        except OSError as reason:
            return reason.errno != errno.EADDRNOTAVAIL
        return True
    return False


def network(text: str) -> str:
    """A network in CIDR form, e.g. "192.168.1.0/24"; a lone address is a network of one. Raises ValueError."""
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"{text} is not a network. Write it like 192.168.1.0/24.") from None
    if found.prefixlen == 0:
        raise ValueError(ALL)
    return str(found)


def networks(texts: Iterable[str]) -> list[str]:
    """Networks that may be trusted, each as `network` has it. Raises ValueError when they are too many together."""
    found = [network(text) for text in texts]
    for version, limit in PUBLIC_MAX.items():
        if sum(map(public_count, _collapsed(found, version))) > limit:
            raise ValueError(TOO_MANY)
    return found


def public_count(one: Network) -> int:
    """How many public addresses a network holds."""
    return one.num_addresses - sum(_overlap(one, known) for known in INSIDE if known.version == one.version)


def _overlap(one: Network, other: Network) -> int:
    first = max(int(one.network_address), int(other.network_address))
    return max(0, min(int(one.broadcast_address), int(other.broadcast_address)) - first + 1)


def _collapsed(texts: Iterable[str], version: int) -> list[Network]:
    """Networks of one version, without what others hold already. IPv4 ones that are written as IPv6 are IPv4."""
    found = [_plain(ipaddress.ip_network(text)) for text in texts]
    if version == 4:
        return list(ipaddress.collapse_addresses(one for one in found if isinstance(one, ipaddress.IPv4Network)))
    return list(ipaddress.collapse_addresses(one for one in found if isinstance(one, ipaddress.IPv6Network)))


def _plain(one: Network) -> Network:
    if isinstance(one, ipaddress.IPv6Network) and one.prefixlen >= 96 and one.network_address.ipv4_mapped:
        return ipaddress.ip_network(f"{one.network_address.ipv4_mapped}/{one.prefixlen - 96}")
    return one


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
