"""Asking those who are responsible: the zone's own name servers, each directly, never a cache (guide ch. 2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from mailroom.dns.shape import SAID, Outcome, Questions, Referral, Reply

# How long one step may take, seconds; and which part of the time left, so that the next step has some, too.
RESOLVER_LIMIT_S, SERVER_LIMIT_S, SHARE = 3.0, 4.0, 0.7
SERVERS_MAX, ADDRESSES_MAX, REFERRALS_MAX, ALIASES_MAX = 8, 4, 6, 5
# IPv6 reverse zones are cut at these counts of digits; deeper cuts are found by referrals.
REVERSE_DIGITS = (16, 14, 12, 8)
# Of several failures, the one that tells most.
TELLING: tuple[Outcome, ...] = ("refused", "failed", "lame", "false", "truncated", "slow", "unreachable", "no_address")

Trouble = Literal["", "nobody_responsible", "resolver_silent"]


@dataclass(frozen=True)
class Zone:
    """A zone and its servers' names; known: addresses that the parent told."""

    name: str
    servers: tuple[str, ...]
    known: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Told:
    """What all servers that are responsible said to one question.

    name: what was asked in the end; aliases: the names that led there. zone: whose servers were asked.
    replies: {server's name: its reply}. trouble: why nobody could be asked.
    """

    name: str
    zone: str = ""
    replies: tuple[tuple[str, Reply], ...] = ()
    aliases: tuple[str, ...] = ()
    trouble: Trouble = ""

    @property
    def said(self) -> tuple[tuple[str, Reply], ...]:
        """Servers that know: the records, or that there are none."""
        return tuple((server, reply) for server, reply in self.replies if reply.outcome in SAID)

    @property
    def failed(self) -> tuple[tuple[str, Reply], ...]:
        """Servers that did not answer, or not usefully."""
        return tuple((server, reply) for server, reply in self.replies if reply.outcome not in SAID)

    @property
    def values(self) -> tuple[str, ...]:
        """All records that any server named."""
        return tuple(sorted({value for _, reply in self.said for value in reply.values}))


class Authority:
    """Questions to those responsible, within one limit for all together. Lives in one event loop.

    resolvers: addresses of servers that find other servers; they are asked only for NS and for servers' addresses.
    """

    def __init__(self, questions: Questions, resolvers: Sequence[str], limit_s: float) -> None:
        self.questions, self.resolvers = questions, resolvers
        self.until = asyncio.get_running_loop().time() + limit_s
        self._asked: dict[tuple[Any, ...], asyncio.Future[Any]] = {}

    def left_s(self) -> float:
        """Seconds that are left."""
        return max(self.until - asyncio.get_running_loop().time(), 0.0)

    async def ask(self, name: str, kind: str) -> Told:
        """What those responsible for `name` say; a CNAME is followed to those responsible for where it leads."""
        seen: list[str] = []
        while True:
            told: Told = await self._once((name, kind), partial(self._ask, name, kind))
            alias = next((reply.alias for _, reply in told.said if reply.alias), "")
            if not alias or alias in (name, *seen) or len(seen) >= ALIASES_MAX:
                return Told(name, told.zone, told.replies, tuple(seen), told.trouble)
            seen.append(name)
            name = alias

    async def servers_of(self, name: str) -> tuple[str, ...]:
        """Names of the servers that are responsible for a name, as far as they are known."""
        found = await self._zone_of(name)
        return found.servers if isinstance(found, Zone) else ()

    async def _ask(self, name: str, kind: str) -> Told:
        found = await self._zone_of(name)
        if not isinstance(found, Zone):
            return Told(name, trouble=found)
        zone = found
        for _ in range(REFERRALS_MAX):
            told = await self._ask_zone(zone, name, kind)
            referral = next((reply.referral for _, reply in told.replies if reply.referral), None)
            # What the resolver knows of a zone may be older than the zone: its parent leads on. Always further down.
            if told.said or referral is None or not _below(referral.zone, zone.name):
                return told
            zone = Zone(referral.zone, referral.servers, referral.addresses)
        return told

    async def _ask_zone(self, zone: Zone, name: str, kind: str) -> Told:
        servers = zone.servers[:SERVERS_MAX]
        replies = await asyncio.gather(*(self._ask_server(zone, server, name, kind) for server in servers))
        return Told(name, zone.name, tuple(zip(servers, replies, strict=True)))

    async def _ask_server(self, zone: Zone, server: str, name: str, kind: str) -> Reply:
        addresses = zone.known.get(server) or await self._addresses_of(server)
        if not addresses:
            return Reply("no_address")
        limit_s = min(SERVER_LIMIT_S, self.left_s() * SHARE)
        # IPv4 and IPv6 together: a machine without the one learns that at once.
        asked = [self.questions.ask(address, name, kind, limit_s) for address in addresses[:ADDRESSES_MAX]]
        reply = await first(asked, lambda reply: reply.outcome in SAID or _leads_down(reply.referral, zone.name))
        if reply.outcome == "referral" and not _leads_down(reply.referral, zone.name):
            return Reply("lame")
        return reply

    async def _addresses_of(self, server: str) -> tuple[str, ...]:
        async def find() -> tuple[str, ...]:
            both = await asyncio.gather(*(self.resolve(server, kind) for kind in ("A", "AAAA")))
            return tuple(value for reply in both for value in reply.values)

        return tuple(await self._once(("addresses", server), find))

    async def _zone_of(self, name: str) -> Zone | Trouble:
        """The zone that holds a name, by asking the resolvers for the NS of it and of all names above it at once."""
        above = names_above(name)
        replies = await asyncio.gather(*(self._once(("NS", one), partial(self.resolve, one, "NS")) for one in above))
        for zone, reply in zip(above, replies, strict=True):
            if reply.values:
                return Zone(zone, reply.values, {})
        return "nobody_responsible" if all(reply.outcome in SAID for reply in replies) else "resolver_silent"

    async def resolve(self, name: str, kind: str) -> Reply:
        """What the resolvers say; a CNAME that they followed is not told, because a server's name may be none."""
        limit_s = min(RESOLVER_LIMIT_S, self.left_s() * SHARE)
        asked = [self.questions.ask(server, name, kind, limit_s, recurse=True) for server in self.resolvers]
        return await first(asked, lambda reply: reply.outcome in SAID)

    async def _once(self, key: tuple[Any, ...], work: Callable[[], Awaitable[Any]]) -> Any:
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(work())
        # Whoever gives up waiting must not take the answer from the others.
        return await asyncio.shield(self._asked[key])


async def first(asked: Iterable[Awaitable[Reply]], good: Callable[[Reply], bool]) -> Reply:
    """The first good reply; else the one that tells most. The others are not waited for."""
    tasks = [asyncio.ensure_future(one) for one in asked]
    failed: list[Reply] = []
    try:
        for done in asyncio.as_completed(tasks):
            reply = await done
            if good(reply):
                return reply
            failed.append(reply)
    finally:
        for task in tasks:
            task.cancel()
    telling = sorted(failed, key=lambda reply: TELLING.index(reply.outcome) if reply.outcome in TELLING else -1)
    return telling[0] if telling else Reply("unreachable")


def names_above(name: str) -> list[str]:
    """The name itself and those above it, the longest first; not the root."""
    labels = name.rstrip(".").split(".")
    if name.endswith(".ip6.arpa"):
        return [".".join(labels[-count - 2 :]) for count in REVERSE_DIGITS] + ["ip6.arpa"]
    return [".".join(labels[start:]) for start in range(len(labels))]


def _below(name: str, zone: str) -> bool:
    return name.endswith(f".{zone}")


def _leads_down(referral: Referral | None, zone: str) -> bool:
    return referral is not None and _below(referral.zone, zone)
