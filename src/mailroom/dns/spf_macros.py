"""Macros in the names of a SPF record (RFC 7208 7): %{i} is the sending address, %{d} the domain, and so on."""

from __future__ import annotations

import ipaddress
import re

MACRO = re.compile(
    r"%(?:(?P<plain>[%_-])|\{(?P<letter>[slodiphcrtv])(?P<digits>\d*)(?P<turned>r?)(?P<cut>[.+,/_=-]*)\})", re.I
)
PLAIN = {"%": "%", "_": " ", "-": "%20"}
NAME_MAX = 253
# Only the domain counts here; of whose mailbox it is nothing is known.
LOCAL_PART = "postmaster"


def expand(text: str, address: str, sender_domain: str, domain: str, greeting: str) -> str:
    """The name that a term means. Raises ValueError for what is no macro."""
    known = {
        "s": f"{LOCAL_PART}@{sender_domain}",
        "l": LOCAL_PART,
        "o": sender_domain,
        "d": domain,
        "i": _dotted(address),
        "p": "unknown",
        "h": greeting,
        "v": "ip6" if ipaddress.ip_address(address).version == 6 else "in-addr",
    }

    def put(found: re.Match[str]) -> str:
        if found["plain"]:
            return PLAIN[found["plain"]]
        value = known.get(found["letter"].lower(), "unknown")
        parts = re.split(f"[{re.escape(found['cut'] or '.')}]", value)
        parts = parts[::-1] if found["turned"] else parts
        kept = int(found["digits"]) if found["digits"] else len(parts)
        if not kept:
            raise ValueError(text)
        return ".".join(parts[-kept:])

    if "%" in MACRO.sub("", text):
        raise ValueError(text)
    made = MACRO.sub(put, text).lower().rstrip(".")
    if len(made) > NAME_MAX:
        # Without as many of its first labels as must go (RFC 7208 7.3).
        dot = made.find(".", len(made) - NAME_MAX - 1)
        made = made[dot + 1 :] if dot >= 0 else ""
    if not made:
        raise ValueError(text)
    return made


def _dotted(address: str) -> str:
    found = ipaddress.ip_address(address)
    return ".".join(found.exploded.replace(":", "")) if found.version == 6 else str(found)
