"""What one name server says to one question, and the port through which it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

# answer: there are such records. nothing: the name exists without them. no_name: there is no such name.
# referral: others are responsible. refused, failed: it says so (REFUSED; SERVFAIL and others). lame: it answers, but is
# not responsible. false: only answers to what nobody asked came. truncated: too long for UDP, and TCP does not work.
# slow: no answer within the limit. unreachable: no way there. no_address: the server's name has none.
Outcome = Literal[
    "answer", "nothing", "no_name", "referral", "refused", "failed", "lame", "false", "truncated", "slow",
    "unreachable", "no_address",
]  # fmt: skip
SAID: frozenset[Outcome] = frozenset({"answer", "nothing", "no_name"})


@dataclass(frozen=True)
class Referral:
    """Who is responsible instead: the zone, its servers' names, and addresses told for those below the zone."""

    zone: str
    servers: tuple[str, ...]
    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """One server's reply.

    values: the records' data as text, names in lower case without the last dot, the strings of a TXT joined.
    alias: where the name's CNAME leads, if the answer is one; values are then empty.
    signed: there is a signature beside the answer, right or not. secure: a resolver has checked it (the AD bit), which
    counts only where nobody is in between (loopback).
    """

    outcome: Outcome
    values: tuple[str, ...] = ()
    ttl_s: int = 0
    alias: str = ""
    referral: Referral | None = None
    signed: bool = False
    secure: bool = False


class Questions(Protocol):
    """Asks one server one question."""

    async def ask(
        self, server: str, name: str, kind: str, limit_s: float, recurse: bool = False, signatures: bool = False
    ) -> Reply:
        """The reply of the server at this address, after limit_s seconds at the latest; never raises.

        kind: A, AAAA, CNAME, DNSKEY, MX, NS, PTR, SRV, TLSA or TXT. recurse: the server may find out elsewhere (a
        resolver); without it, only what the server is responsible for counts. signatures: are asked for, too (DNSSEC).
        """
        ...
