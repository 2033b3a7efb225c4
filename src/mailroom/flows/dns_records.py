"""DNS records of a mail domain: what they should be, and what name servers say (rows SW09, SW10, SW11)."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from mailroom.core import net
from mailroom.core.pages.mail_delivery_general import DOMAIN, named_domains
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.core.sts_policy import Policy
from mailroom.daemons import host
from mailroom.daemons.interfaces import interfaces
from mailroom.daemons.places import RESOLVER
from mailroom.dns import address as addresses
from mailroom.dns.authority import Authority
from mailroom.dns.shape import Questions
from mailroom.flows import dns_reverse, own_policy
from mailroom.flows.clients import clients
from mailroom.flows.dns_compare import Finding, compare
from mailroom.flows.dns_wanted import Names, Wanted, wanted
from mailroom.flows.dns_words import say

QUICK_LIMIT_S = 3.0
CHECK_LIMIT_S = 10.0
# What is left for giving the answer when everything is slow.
ANSWER_S = 0.2
FIELDS = {"mx": "domain", "a": "hostname", "aaaa": "hostname", "ptr": "public_address"}

From = Literal["interface", "dns", "given", "unknown"]


def wire() -> Questions:
    """The real name servers. dnspython is loaded when somebody asks: most days nobody does."""
    from mailroom.dns.wire import Wire

    return Wire()


def resolvers() -> tuple[str, ...]:
    """Who finds name servers: the NAS's own DNS servers; our resolver only when it names none (decision 0008)."""
    return host.dns_servers() or (RESOLVER,)


def own_addresses() -> dict[str, bool | None]:
    """{address of one of the NAS's own interfaces: whether it comes from somebody else (DHCP, PPPoE)}."""
    return {address: one.dynamic for one in interfaces() for address in one.addresses}


@dataclass(frozen=True)
class World:
    """What is asked beside the settings; tests have another."""

    questions: Callable[[], Questions] = wire
    resolvers: Callable[[], tuple[str, ...]] = resolvers
    own_addresses: Callable[[], dict[str, bool | None]] = own_addresses
    policy: Callable[[AllValues], Policy | None] = own_policy.current
    known_until: Callable[[str], float] = own_policy.known_until


REAL = World()


@dataclass(frozen=True)
class Looked:
    """What was found out: {record's id: how it is}, and how the address is known."""

    names: Names
    address_from: From
    findings: dict[str, Finding]
    name_servers: tuple[str, ...]
    leased: bool | None = None

    @property
    def dynamic(self) -> bool | None:
        """Whether the address changes, as far as one can tell."""
        return dns_reverse.is_dynamic(self.findings.get("ptr"), self.names.hostname, self.leased)

    @property
    def relay(self) -> dict[str, Any] | None:
        """Why a relay is advised, if it is."""
        return dns_reverse.relay(self.findings.get("ptr"), self.names, self.dynamic)

    def as_dict(self) -> dict[str, Any]:
        """What the API tells beside the records."""
        names = self.names
        private = bool(names.address) and net.kind(names.address) != "public"
        told = {"domain": names.domain, "hostname": names.hostname, "address": names.address}
        return {**told, "address_from": self.address_from, "private": private, "dynamic": self.dynamic}


def quick(
    domain: str, hostname: str, address: str | None, limit_s: float = QUICK_LIMIT_S, world: World = REAL
) -> dict[str, list[dict[str, Any]]]:
    """What the set-up wizard says while one types: {FIELD: [{level, code, text, next, values}]}.

    FIELD is domain (its MX), hostname (its A or AAAA) or public_address (its kind and its PTR). level is "ok" or
    "advice": DNS never keeps anybody from going on. address: the public one, None or "" when it is not known.
    Returns after limit_s seconds at the latest; what did not answer is told as "could not be asked". Raises nothing:
    a name or address of no good form is simply not asked about.
    """
    told: dict[str, list[dict[str, Any]]] = {"domain": [], "hostname": [], "public_address": _address_advice(address)}
    given = address or ""
    good = {name: name for name in (domain, hostname) if re.fullmatch(DOMAIN, name)}
    if not good or (given and not addresses.is_address(given)):
        return told
    # A name that is no good yet: the other one can be asked about all the same.
    known = (good.get(domain) or hostname, good.get(hostname) or domain, given)
    looked = asyncio.run(
        _look(world, known, limit_s, lambda names: _quick_records(names, good.keys(), domain, hostname))
    )
    for id, finding in looked.findings.items():
        level = "ok" if finding.state == "right" or finding.said["code"] == "there" else "advice"
        if finding.said["code"] == "right":
            words = say(f"right_{FIELDS[id]}", domain=domain, hostname=hostname, address=given)
            told[FIELDS[id]].append({"level": level, **words, "code": "right"})
        elif finding.said["code"] != "ptr_private":
            told[FIELDS[id]].append({"level": level, **finding.said})
    if looked.relay:
        told["public_address"].append({"level": "advice", **looked.relay})
    return told


def _quick_records(names: Names, good: Iterable[str], domain: str, hostname: str) -> list[Wanted]:
    asked = {"mx": domain, names.family.lower(): hostname, "ptr": hostname}
    return [one for one in wanted(names, ()) if asked.get(one.id) in set(good)]


def _address_advice(address: str | None) -> list[dict[str, Any]]:
    if not address:
        return []
    if not addresses.is_address(address):
        return [{"level": "advice", **say("address_invalid", address=address)}]
    kind = net.kind(address)
    return [] if kind == "public" else [{"level": "advice", **say(f"address_{kind}", address=address)}]


def records(settings: AllValues, asked: dict[str, str], world: World = REAL) -> dict[str, Any]:
    """The records that should be, with real values. asked: domain, hostname, address instead of those in force."""
    known = _known(settings, asked)
    looked = asyncio.run(_look(world, known, QUICK_LIMIT_S, lambda names: _all(settings, names, world, ("ptr",))))
    shown = [one.as_dict(looked.names) for one in _all(settings, looked.names, world)]
    return {**looked.as_dict(), "domains": named_domains(settings["mail_delivery.general"]), "records": shown}


def check(
    settings: AllValues,
    asked: dict[str, str],
    world: World = REAL,
    only: tuple[str, ...] = (),
    limit_s: float = CHECK_LIMIT_S,
) -> dict[str, Any]:
    """The records with what the domain's own name servers say of each; done within limit_s seconds.

    only: the ids of the records to look at, if not all.
    """
    began, known = time.monotonic(), _known(settings, asked)
    looked = asyncio.run(_look(world, known, limit_s, lambda names: _all(settings, names, world, only)))
    every = _all(settings, looked.names, world, only)
    told = [{**one.as_dict(looked.names), **looked.findings[one.id].as_dict()} for one in every]
    return {
        **looked.as_dict(),
        "name_servers": list(looked.name_servers),
        "seconds": round(time.monotonic() - began, 2),
        "records": told,
        "relay_advised": looked.relay is not None,
        "relay": looked.relay,
    }


def _all(settings: AllValues, names: Names, world: World, only: tuple[str, ...] = ()) -> list[Wanted]:
    general = {**settings["mail_delivery.general"], "domain": names.domain, "hostname": names.hostname}
    asked = {**settings, "mail_delivery.general": general}
    every = wanted(names, clients(asked)["srv"], world.policy(asked))
    return [one for one in every if not only or one.id in only]


def _known(settings: AllValues, asked: dict[str, str]) -> tuple[str, str, str]:
    """(domain, hostname, address): what was asked for, else what is in force. Raises Invalid."""
    general = settings["mail_delivery.general"]
    found = {name: (asked.get(name) or general[name]).strip().lower().rstrip(".") for name in ("domain", "hostname")}
    for name, value in found.items():
        if len(value) > 253 or not re.fullmatch(DOMAIN, value):
            raise Invalid(f"{value} is not a domain name.", field=name, next="Write it like example.com.")
    address = asked.get("address") or settings.get("service.interface", {}).get("public_address", "")
    if address and not addresses.is_address(address):
        raise Invalid(f"{address} is not an address.", field="address", next="Write it like 192.0.2.25.")
    return found["domain"], found["hostname"], address


async def _look(
    world: World, known: tuple[str, str, str], limit_s: float, records_of: Callable[[Names], list[Wanted]]
) -> Looked:
    """Ask about all records at once, within limit_s seconds."""
    authority = Authority(world.questions(), world.resolvers(), limit_s - ANSWER_S)
    domain, hostname, given = known
    own = await asyncio.to_thread(world.own_addresses)
    address, source = await _within(authority, _address(authority, own, hostname, given), (given, "unknown"))
    names = Names(domain, hostname, str(ipaddress.ip_address(address)) if address else "", source == "dns")
    all_wanted = records_of(names)
    servers = asyncio.ensure_future(_within(authority, authority.servers_of(domain), ()))
    slow = [_late(one) for one in all_wanted]
    findings = await asyncio.gather(
        *(_within(authority, _record(authority, one, names), late) for one, late in zip(all_wanted, slow, strict=True))
    )
    found = {one.id: finding for one, finding in zip(all_wanted, findings, strict=True)}
    return Looked(names, source, found, await servers, own.get(names.address))


def _late(one: Wanted) -> Finding:
    return Finding("slow", say("servers_slow", name=one.name, servers="DNS"))


async def _record(authority: Authority, one: Wanted, names: Names) -> Finding:
    if one.type == "PTR":
        return await dns_reverse.look(authority, one, names)
    # Where an alias leads to is what counts: a name may as well have the address itself.
    kind = names.family if one.type == "CNAME" else one.type
    return compare(one, await authority.ask(one.name, kind), names)


async def _within(authority: Authority, work: Awaitable[Any], otherwise: Any) -> Any:
    try:
        return await asyncio.wait_for(work, authority.left_s())
    except TimeoutError:
        return otherwise


async def _address(authority: Authority, own: Iterable[str], hostname: str, given: str) -> tuple[str, From]:
    """The public address and how it is known: given, one of the NAS's own, or what the host's name leads to."""
    if given:
        return given, "given"
    public = [one for one in own if net.kind(one) == "public"]
    if public:
        # IPv4 first: every mail server speaks it.
        return min(public, key=lambda one: ipaddress.ip_address(one).version), "interface"
    told = await authority.ask(hostname, "A")
    return (told.values[0], "dns") if len(told.values) == 1 else ("", "unknown")


def operations(values: Callable[[], AllValues], world: World = REAL) -> dict[str, Callable[..., Any]]:
    """What can be asked about DNS records. Each question has a thread of its own: a slow one holds nobody up."""

    def chosen(domain: str, hostname: str, address: str) -> dict[str, str]:
        return {"domain": domain, "hostname": hostname, "address": address}

    return {
        "dns.records": lambda domain="", hostname="", address="": records(
            values(), chosen(domain, hostname, address), world
        ),
        "dns.check": lambda domain="", hostname="", address="": check(
            values(), chosen(domain, hostname, address), world
        ),
    }
