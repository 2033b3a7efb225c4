"""Networks as people type them."""

from __future__ import annotations

import ipaddress


def network(text: str) -> str:
    """A network in CIDR form, e.g. "192.168.1.0/24"; a lone address is a network of one. Raises ValueError."""
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"{text} is not a network. Write it like 192.168.1.0/24.") from None
    if found.prefixlen == 0:
        raise ValueError("A network that holds every address would let everybody send. Name a smaller one.")
    return str(found)
