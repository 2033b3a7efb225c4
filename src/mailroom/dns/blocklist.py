"""Whether a DNS blocklist has an address, and whether its answers can be believed (RFC 5782)."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from mailroom.dns.address import reverse_name
from mailroom.dns.shape import SAID, Reply

# RFC 5782 5: what every list has, and what none may have.
LISTED, FREE = "127.0.0.2", "127.0.0.1"
CODES = ipaddress.ip_network("127.0.0.0/24")
LOCAL = ipaddress.ip_network("127.0.0.0/8")
# What lists say to askers whom they do not answer: a public resolver, one that asks too much or misspells.
REFUSING = ipaddress.ip_network("127.255.255.0/24")
# Spamhaus: ranges from which no mail should come directly, whoever has them; no sender of spam was seen.
POLICY = {"127.0.0.10", "127.0.0.11"}

# free, listed, policy: what the list says. refused: it does not answer us. lying: somebody else answers in its place,
# or it lists everybody. dead: it does not even know its own test point. strange: no code of a listing.
# silent: no answer.
Outcome = Literal["free", "listed", "policy", "refused", "lying", "dead", "strange", "silent"]
Ask = Callable[[str, str], Awaitable[Reply]]


@dataclass(frozen=True)
class Verdict:
    """What a list says. codes: its answers; reason: what it writes about the listing."""

    outcome: Outcome
    codes: tuple[str, ...] = ()
    reason: str = ""


async def look(ask: Ask, zone: str, address: str) -> Verdict:
    """What the list `zone` says about an address. ask: a resolver's reply to (name, type)."""
    names = [question(one, zone) for one in (address, LISTED, FREE)]
    own, listed, free = await asyncio.gather(*(ask(name, "A") for name in names))
    verdict = judge(own, listed, free)
    if verdict.outcome not in ("listed", "policy"):
        return verdict
    told = await ask(names[0], "TXT")
    return Verdict(verdict.outcome, verdict.codes, " ".join(told.values)[:400])


def question(address: str, zone: str) -> str:
    """The name to ask about: the address turned round, below the list's name (RFC 5782 2.1, 2.4)."""
    return f"{reverse_name(address).removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


def judge(own: Reply, listed: Reply, free: Reply) -> Verdict:
    """What the answers about our address and about the two test points mean together."""
    for reply in (own, listed, free):
        if any(_within(value, REFUSING) for value in reply.values):
            return Verdict("refused", reply.values)
        if any(not _within(value, LOCAL) for value in reply.values):
            return Verdict("lying", reply.values)
    if any(reply.outcome in ("refused", "failed") for reply in (own, listed)):
        return Verdict("refused")
    if any(reply.outcome not in SAID for reply in (own, listed, free)):
        return Verdict("silent")
    if free.values:
        return Verdict("lying", free.values)
    if not listed.values:
        return Verdict("dead")
    if not own.values:
        return Verdict("free")
    codes = tuple(value for value in own.values if _within(value, CODES))
    if not codes:
        return Verdict("strange", own.values)
    return Verdict("policy" if set(codes) <= POLICY else "listed", codes)


def _within(value: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return ipaddress.ip_address(value) in network
