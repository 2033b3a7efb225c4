"""The deliverability check's look at DNS blocklists: is our address on one, and are the answers true (row CL08)."""

from __future__ import annotations

import asyncio

from mailroom.core.net import kind
from mailroom.core.settings import AllValues
from mailroom.dns import blocklist
from mailroom.dns.authority import Authority
from mailroom.flows.doctor_shape import Item, Outside, item

STEP_S = 7.0


def look(values: AllValues, outside: Outside, address: str) -> list[Item]:
    """Each list with what it says about our public address. Takes STEP_S at most.

    Lists are asked through the NAS's own DNS servers, as the spam engines ask them.
    """
    zones: list[str] = values["server_management.check_options"]["blocklists"]
    if not zones:
        return [item("lists", "lists_none")]
    if not address or kind(address) != "public":
        return [item("lists", "list_no_address", part=zone, zone=zone) for zone in zones]
    return asyncio.run(_all(zones, outside, address))


async def _all(zones: list[str], outside: Outside, address: str) -> list[Item]:
    authority = outside.authority(STEP_S)
    return list(await asyncio.gather(*(_one(authority, zone, address) for zone in zones)))


async def _one(authority: Authority, zone: str, address: str) -> Item:
    try:
        verdict = await asyncio.wait_for(blocklist.look(authority.resolve, zone, address), authority.left_s())
    except TimeoutError:
        verdict = blocklist.Verdict("silent")
    found = (*verdict.codes, *((verdict.reason,) if verdict.reason else ()))
    return item("lists", f"list_{verdict.outcome}", found=found, part=zone, zone=zone, address=address)
