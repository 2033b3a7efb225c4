"""The way back from an address to the host's name, and whether a relay is the better way (rows SW10, SW11)."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import replace
from typing import Any

from mailroom.core.net import kind
from mailroom.dns.address import carries_address, looks_dynamic
from mailroom.dns.authority import Authority, Told
from mailroom.flows.dns_compare import Finding, compare
from mailroom.flows.dns_wanted import Names, Wanted
from mailroom.flows.dns_words import say

FORWARD_MAX = 4


async def look(authority: Authority, wanted: Wanted, names: Names) -> Finding:
    """How the PTR record is: right only when its name also leads back to the address (RFC 8601 3)."""
    if kind(names.address) != "public":
        return Finding("unknown", say("ptr_private", address=names.address))
    told = await authority.ask(wanted.name, "PTR")
    # A reverse zone that nobody holds has no names: that is no domain that does not exist.
    if told.trouble == "nobody_responsible":
        return Finding("missing", say("ptr_missing", address=names.address, value=wanted.value))
    if not told.said or told.trouble:
        return compare(wanted, told, names)
    found = told.values
    if not found:
        return Finding("missing", say("ptr_missing", address=names.address, value=wanted.value))
    if len({reply.values for _, reply in told.said}) > 1:
        return compare(wanted, told, names)
    asked = (names.hostname,) if names.hostname in found else found[:FORWARD_MAX]
    forward = await asyncio.gather(*(authority.ask(name, names.family) for name in asked))
    confirmed = [one for one in forward if _leads_to(one, names.address)]
    facts = {"name": wanted.name, "address": names.address, "value": wanted.value, "found": ", ".join(found)}
    if names.hostname in found:
        if confirmed:
            return compare(wanted, told, names)
        if not forward[0].said:
            # Nobody could say where the name leads.
            return compare(replace(wanted, name=names.hostname), forward[0], names)
        return Finding("wrong", say("ptr_not_confirmed", **facts), found)
    if any(looks_dynamic(name) for name in found):
        return Finding("wrong", say("ptr_dynamic", **facts), found)
    return Finding("wrong", say("ptr_other_confirmed" if confirmed else "ptr_other", **facts), found)


def _leads_to(told: Told, address: str) -> bool:
    return any(ipaddress.ip_address(value) == ipaddress.ip_address(address) for value in told.values)


def is_dynamic(finding: Finding | None, hostname: str, leased: bool | None) -> bool | None:
    """Whether the address changes, as far as its reverse name and the NAS's own interface (leased) tell."""
    found = finding.found if finding else ()
    if hostname in found:
        # Nobody sets a name of one's own for an address that is another's tomorrow.
        return False
    told = [looks_dynamic(name) for name in found]
    if True in told or leased:
        return True
    return False if False in told else None


def relay(finding: Finding | None, names: Names, dynamic: bool | None) -> dict[str, Any] | None:
    """Why a relay is advised: the reverse name cannot become right. None: it is right, can be, or is not known."""
    if names.address and kind(names.address) == "shared":
        return say("relay_shared")
    if finding is None or finding.state not in ("wrong", "missing") or names.hostname in finding.found:
        return None
    if dynamic:
        return say("relay_dynamic")
    if dynamic is None and any(carries_address(name, names.address) for name in finding.found):
        return say("relay_range")
    return None
