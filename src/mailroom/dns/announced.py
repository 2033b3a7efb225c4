"""What a domain announces in DNS about the security of its mail servers (RFC 7672 DANE, RFC 8461 MTA-STS)."""

from __future__ import annotations

import re
from typing import Literal

from mailroom.core.sts_policy import ID
from mailroom.dns.shape import SAID, Questions, Reply

LIMIT_S = 6.0
ALIASES_MAX = 8
SERVERS_MAX = 20
# First of all in a record (RFC 8461 3.1).
IS_STS = re.compile(r"v=STSv1[ \t]*(;|\Z)")
# Usage, selector, matching type and how many bytes (RFC 7672 3.1: only what a mail server can be held to).
USABLE = re.compile(r"[23] [01] (?:1 [0-9a-f]{64}|2 [0-9a-f]{128}|0 (?:[0-9a-f]{2})+)", re.I)

Dane = Literal["usable", "none", "unknown"]


class Unanswered(Exception):
    """DNS does not say, or says something whose signature is wrong."""


async def hands_signatures_on(questions: Questions, server: str, limit_s: float) -> bool | None:
    """Whether a DNS server gives out the root's keys with their signature, without which nothing can be checked.

    None when it does not answer at all.
    """
    reply = await questions.ask(server, ".", "DNSKEY", limit_s, recurse=True, signatures=True)
    return None if reply.outcome in ("slow", "unreachable") else reply.signed


class Announced:
    """Asks our own resolver. server: its address, on loopback: its word about signatures is believed."""

    def __init__(self, questions: Questions, server: str) -> None:
        self.questions, self.server = questions, server

    async def sts_id(self, domain: str) -> str:
        """The id of the domain's MTA-STS policy, "" when it announces none. Raises Unanswered."""
        told = [text for text in (await self._ask(f"_mta-sts.{domain}", "TXT")).values if IS_STS.match(text)]
        # More than one is none (RFC 8461 3.1).
        return _id_of(told[0]) if len(told) == 1 else ""

    async def dane(self, domain: str) -> Dane:
        """Whether the domain's mail servers are to be checked by DANE, as Postfix would find (RFC 7672 2.2).

        none: it is certain that no server has usable records, or that others could have put them there.
        """
        try:
            servers = await self._ask(domain, "MX")
            if not servers.secure:
                return "none"
            names = [text.split()[1] for text in servers.values] or [domain]
            for name in names[:SERVERS_MAX]:
                if await self._has_records(name):
                    return "usable"
        except Unanswered:
            return "unknown"
        return "none"

    async def signatures(self) -> bool:
        """Whether answers come with signatures at all: those of the root do, everywhere. Raises Unanswered."""
        return (await self._ask(".", "NS")).secure

    async def _has_records(self, server: str) -> bool:
        """Whether a mail server has usable TLSA records. A name that is not signed is not asked for them: those who
        serve such names sometimes do not answer at all (RFC 7672 2.2.2)."""
        name = server
        for _ in range(ALIASES_MAX):
            address = await self.questions.ask(self.server, name, "A", LIMIT_S, recurse=True)
            if address.outcome == "nothing":
                address = await self.questions.ask(self.server, name, "AAAA", LIMIT_S, recurse=True)
            if not _said(address).secure:
                return False
            if not address.alias:
                break
            name = address.alias
        for one in dict.fromkeys((name, server)):
            found = await self._ask(f"_25._tcp.{one}", "TLSA")
            if found.secure and found.values:
                return any(USABLE.fullmatch(text) for text in found.values)
        return False

    async def _ask(self, name: str, kind: str) -> Reply:
        """The answer, through aliases; secure only if all of it is. Raises Unanswered."""
        secure = True
        for _ in range(ALIASES_MAX):
            reply = _said(await self.questions.ask(self.server, name, kind, LIMIT_S, recurse=True))
            secure = secure and reply.secure
            if not reply.alias:
                return Reply(reply.outcome, reply.values, reply.ttl_s, secure=secure)
            name = reply.alias
        raise Unanswered


def _said(reply: Reply) -> Reply:
    if reply.outcome not in SAID:
        raise Unanswered(reply.outcome)
    return reply


def _id_of(record: str) -> str:
    """The id of letters and digits that an MTA-STS record names, "" when it names none (RFC 8461 3.1)."""
    fields = (field.partition("=") for field in record.split(";")[1:])
    values = (value.strip(" \t") for name, _, value in fields if name.strip(" \t") == "id")
    return next((value for value in values if ID.fullmatch(value)), "")
