"""The deliverability check's look at DNS: the records, what SPF makes of our address, and IPv6 (row CL08)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from mailroom.core.net import kind
from mailroom.core.settings import AllValues
from mailroom.dns.address import reverse_name
from mailroom.dns.authority import Authority
from mailroom.dns.spf import Evaluation, Policy
from mailroom.flows import dns_records
from mailroom.flows.dns_compare import is_spf
from mailroom.flows.doctor_dns_words import State
from mailroom.flows.doctor_shape import Item, Outside, item, relayed

RECORDS = ("mx", "a", "aaaa", "ptr", "dmarc", "mta_sts", "mta_sts_host", "tls_rpt")
# Wrong in itself, whatever is worked out; and found out by nobody.
SPF_AS_IT_IS = ("spf_missing", "spf_several", "spf_everybody", "servers_differ", "domain_not_delegated")
STEP_S = 7.0


def look(values: AllValues, outside: Outside, checked: dict[str, Any]) -> list[Item]:
    """Each record with how it is. checked: what dns_records.check has found. Takes STEP_S at most."""
    records = {one["id"]: one for one in checked["records"]}
    found = [as_item(records[id]) for id in RECORDS if id in records]
    if "ptr" not in records:
        found.append(item("ptr", "ptr_no_address", expected=checked["hostname"]))
    elif checked["relay"]:
        advised = f"{checked['relay']['text']} {checked['relay']['next']}"
        found = [replace(one, next=advised) if one.look == "ptr" else one for one in found]
    return [*found, item("dkim", "dkim_later"), *asyncio.run(_asked(values, outside, checked, records))]


def as_item(record: dict[str, Any]) -> Item:
    """A record as dns_records.check has found it."""
    state = record["state"]
    if state in ("wrong", "missing"):
        # Without DKIM, SPF is all that vouches for mail; large providers refuse mail without either.
        vital = record["needed"] == "required" or record["id"] == "spf"
        shown: State = "problem" if vital else "advice"
    else:
        shown = "right" if state == "right" else "unknown"
    wanted = {name: record[name] for name in ("type", "name", "value", "priority")}
    priority = f"{record['priority']} " if record["priority"] is not None else ""
    return Item(
        record["id"],
        shown,
        record["code"],
        record["text"],
        record["next"],
        tuple(record["found"]),
        f"{priority}{record['value']}" if record["value"] else "",
        wanted if record["value"] else None,
    )


async def _asked(
    values: AllValues, outside: Outside, checked: dict[str, Any], records: dict[str, dict[str, Any]]
) -> list[Item]:
    authority = outside.authority(STEP_S)
    other = _ipv6(authority, outside, checked) if "aaaa" not in records else _ipv4(authority, checked)
    return list(await asyncio.gather(_spf(values, authority, checked, records["spf"]), other))


def sender_policy(
    values: AllValues, outside: Outside, checked: dict[str, Any], record: dict[str, Any], limit_s: float
) -> Item:
    """What others make of our address by the SPF record of a domain. Takes limit_s at most."""

    async def ask() -> Item:
        return await _spf(values, outside.authority(limit_s), checked, record)

    return asyncio.run(ask())


async def _spf(values: AllValues, authority: Authority, checked: dict[str, Any], record: dict[str, Any]) -> Item:
    """What others make of our address, as the record stands now."""
    given = [one for one in record["found"] if is_spf(one)]
    if record["code"] in SPF_AS_IT_IS or len(given) != 1:
        return as_item(record)
    domain, address = checked["domain"], checked["address"]
    if relayed(values):
        return item("spf", "spf_relay", found=given, domain=domain)
    if not address or kind(address) != "public":
        return item("spf", "spf_no_address", found=given)

    async def ask(name: str, kind: str) -> tuple[str, ...] | None:
        told = await authority.ask(name, kind)
        # A name that nobody is responsible for does not exist.
        return told.values if told.said or told.trouble == "nobody_responsible" else None

    try:
        evaluation = Evaluation(ask, address, domain, checked["hostname"])
        policy = await asyncio.wait_for(evaluation.run(given[0]), authority.left_s())
    except TimeoutError:
        policy = Policy("temperror", "not_asked", name=domain)
    code = f"spf_{policy.reason or policy.outcome}"
    told = item("spf", code, found=given, domain=domain, address=address, name=policy.name or domain, word=policy.word)
    if told.state == "right" or policy.reason:
        return told
    better = with_mx(given[0])
    record = {"type": "TXT", "name": domain, "value": better, "priority": None}
    return Item("spf", told.state, told.code, told.text, told.next, told.found, better, record)


def with_mx(record: str) -> str:
    """The record with the domain's mail servers let in, before the word that decides about all others.

    >>> with_mx("v=spf1 include:other.example -all")
    'v=spf1 include:other.example mx -all'
    """
    words = record.split()
    ends = [at for at, word in enumerate(words) if word.lstrip("+-~?").lower() == "all" or "redirect=" in word.lower()]
    words.insert(ends[0] if ends else len(words), "mx")
    return " ".join(words)


async def _ipv6(authority: Authority, outside: Outside, checked: dict[str, Any]) -> Item:
    """The host's AAAA record: none is needed, but one that leads elsewhere takes mail away."""
    hostname = checked["hostname"]
    own = await asyncio.to_thread(outside.dns.own_addresses)
    try:
        told = await asyncio.wait_for(authority.ask(hostname, "AAAA"), authority.left_s())
        if not told.said:
            return item("aaaa", "aaaa_not_asked", hostname=hostname)
        if not told.values:
            return item("aaaa", "aaaa_none", hostname=hostname)
        if stray := [one for one in told.values if one not in own]:
            return item("aaaa", "aaaa_elsewhere", found=stray, hostname=hostname)
        back = await asyncio.wait_for(authority.ask(reverse_name(told.values[0]), "PTR"), authority.left_s())
    except TimeoutError:
        return item("aaaa", "aaaa_not_asked", hostname=hostname)
    code = "aaaa_ours" if hostname in back.values or not back.said else "aaaa_no_reverse"
    return item("aaaa", code, found=told.values[:1], hostname=hostname)


async def _ipv4(authority: Authority, checked: dict[str, Any]) -> Item:
    """The host's A record, when the known address is one of IPv6."""
    told = await authority.ask(checked["hostname"], "A")
    if told.said and not told.values:
        return item("a", "a_missing_ipv6_only", hostname=checked["hostname"])
    return Item("a", "unknown", "there", f"{checked['hostname']} leads to {', '.join(told.values)}.", "", told.values)


def check(values: AllValues, outside: Outside) -> dict[str, Any]:
    """What the domain's own name servers say of each record."""
    return dns_records.check(values, {}, outside.dns)
