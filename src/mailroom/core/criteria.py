"""What the rules of the black and white lists look for, as people type it (rows BW02-BW06). All raise ValueError."""

from __future__ import annotations

import ipaddress
import re

LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
DOMAIN = re.compile(rf"({LABEL}\.)+{LABEL}")
# What an address may hold that needs no quotes (RFC 5321 4.1.2, RFC 1035 2.3.1), and asterisks.
PATTERN = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~@\[\]:-]+")
ADDRESS_LETTERS_MAX = 254


def ip(text: str) -> str:
    """One address, as Postfix and we write it; of an IPv4 address inside IPv6 the IPv4 address."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("Enter one IP address, for example 192.0.2.1 or 2001:db8::1.") from None
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def ip_mask(text: str) -> str:
    """A network in CIDR form, from 192.0.2.0/24 or 192.0.2.0/255.255.255.0."""
    address, slash, mask = (part.strip() for part in text.partition("/"))
    try:
        found = ipaddress.ip_network(f"{address}/{mask}" if slash else "", strict=False)
    except ValueError:
        raise ValueError(
            "Enter an IP address and a subnet mask, for example 192.0.2.0/24 or 192.0.2.0/255.255.255.0."
        ) from None
    if found.prefixlen == 0:
        raise ValueError("This would match every address there is. Enter a smaller network.")
    return str(found)


def address(text: str) -> str:
    """An e-mail address in lower case, in which * stands for anything."""
    low = text.lower()
    if ("@" not in low and "*" not in low) or low.count("@") > 1 or not PATTERN.fullmatch(low):
        raise ValueError("Enter an e-mail address; * stands for anything, as in *@example.com, admin@* or *@*.com.")
    if len(low) > ADDRESS_LETTERS_MAX:
        raise ValueError(f"No e-mail address is longer than {ADDRESS_LETTERS_MAX} characters.")
    if not low.strip("*@."):
        raise ValueError("This would match every address there is. Enter something besides the asterisks.")
    return re.sub(r"\*+", "*", low)


def domain(text: str) -> str:
    """A domain in lower case."""
    low = text.lower().rstrip(".")
    if len(low) > 253 or not DOMAIN.fullmatch(low):
        raise ValueError("Enter one domain without asterisks, for example example.com.")
    return low


# Roughly the same for JSON Schema, so that a form can object at once. The parsers have the last word.
SHAPES = {
    "ip": r"^\s*[0-9a-fA-F:.]+\s*$",
    "ip_mask": r"^\s*[0-9a-fA-F:.]+\s*/\s*[0-9.]+\s*$",
    "sender": r"^\s*[^\s@]*[*@][^\s@]*@?[^\s@]*\s*$",
    "recipient": r"^\s*[^\s@]*[*@][^\s@]*@?[^\s@]*\s*$",
    "domain": r"^\s*[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)+[.]?\s*$",
}
PARSERS = {"ip": ip, "ip_mask": ip_mask, "sender": address, "recipient": address, "domain": domain}
