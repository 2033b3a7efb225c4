"""What an address and its reverse name tell: whether it may change tomorrow. Where it leads, core/net.py tells."""

from __future__ import annotations

import ipaddress
import re

# Whole parts of a name, so that "dynamo" or "pooler" count for nothing.
CHANGING = re.compile(
    r"adsl|cable|dhcp|dial|dialin|dialup|dsl|dyn|dynamic|dynamicip|dynip|fttx|gprs|lte|mobile|pools?|pppo?e?|umts|vdsl"
    r"|wimax|wireless|xdsl"
)
LASTING = re.compile(r"biz|business|colo|dedicated|fixed|server|srv|static|staticip|statics|vps")


def is_address(text: str) -> bool:
    """Whether this is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def reverse_name(address: str) -> str:
    """The name whose PTR record belongs to an address (RFC 1035 3.5, RFC 3596 2.5)."""
    return ipaddress.ip_address(address).reverse_pointer


def carries_address(name: str, address: str) -> bool:
    """Whether a reverse name spells its own address, as providers name whole ranges: host-192-0-2-7.example."""
    found = ipaddress.ip_address(address)
    if found.version == 6:
        digits = found.exploded.replace(":", "")
        return digits in re.sub(r"[^0-9a-f]", "", name.lower()) or digits[16:] in re.sub(r"[.-]", "", name.lower())
    octets = str(found).split(".")
    for order in (octets, octets[::-1]):
        if re.search(r"(?<!\d)0*" + r"[.\-_x]0*".join(order) + r"(?!\d)", name):
            return True
    spelled = ("".join(part.zfill(3) for part in octets), "".join(f"{int(part):02x}" for part in octets))
    return any(one in name.lower() for one in spelled)


def looks_dynamic(name: str) -> bool | None:
    """Whether a reverse name says that its address changes; False: it says that it stays; None: it says nothing.

    Costs nothing; errs where a provider names fixed addresses like changing ones, so it may advise, never refuse.
    """
    # Digits part words, too: pool3, dyn-7. The registered name itself (isp.example) says nothing about the address.
    words = {word for label in name.lower().rstrip(".").split(".")[:-2] for word in re.split(r"[^a-z]+", label)}
    if any(LASTING.fullmatch(word) for word in words):
        return False
    return True if any(CHANGING.fullmatch(word) for word in words) else None
