"""What other servers make of an address that sends for a domain: the Sender Policy Framework, worked out (RFC 7208)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from mailroom.dns.spf_macros import expand

Outcome = Literal["pass", "fail", "softfail", "neutral", "none", "permerror", "temperror"]
# RFC 7208 4.6.4: names that may be asked about, of those how many may be empty; and names behind one mx or ptr.
LOOKUPS_MAX, EMPTY_MAX, NAMES_MAX = 10, 2, 10
QUALIFIERS: dict[str, Outcome] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
MECHANISM = re.compile(
    r"(?P<sign>[-+~?]?)(?P<name>all|include|a|mx|ptr|exists)(?::(?P<value>[^/\s]+(?:/(?!\d|/)[^/\s]+)*))?"
    r"(?P<lengths>(?:/\d{1,2})?(?://\d{1,3})?)",
    re.IGNORECASE,
)
NETWORK = re.compile(r"(?P<sign>[-+~?]?)(?P<name>ip4|ip6):(?P<value>[0-9A-Fa-f.:]+(?:/\d{1,3})?)", re.IGNORECASE)
MODIFIER = re.compile(r"(?P<name>[A-Za-z][\w.-]*)=(?P<value>\S*)")

# Records of this type at this name; None when nobody could be asked.
Ask = Callable[[str, str], Awaitable[tuple[str, ...] | None]]


class PermanentError(Exception):
    """The record can never be worked out: the reason as a code."""


class TemporaryError(Exception):
    """Nobody could be asked about a name."""


@dataclass
class Policy:
    """What came out. reason: of an error, as a code; word: the term that decided; lookups: how many names it cost."""

    outcome: Outcome
    reason: str = ""
    word: str = ""
    lookups: int = 0
    # The name at which it failed, or whose record is too expensive.
    name: str = ""


@dataclass
class Evaluation:
    """One working out for one address. sender_domain: of the envelope; greeting: the name given at HELO."""

    ask: Ask
    address: str
    sender_domain: str
    greeting: str
    lookups: int = 0
    empty: int = 0
    at: list[str] = field(default_factory=list)

    async def run(self, record: str) -> Policy:
        """The policy of the sender's domain, whose record this is. Never raises."""
        self.at = [self.sender_domain]
        try:
            outcome, word = await self._record(self.sender_domain, record)
            return Policy(outcome, word=word, lookups=self.lookups, name=self.at[-1])
        except PermanentError as reason:
            return Policy("permerror", str(reason), lookups=self.lookups, name=self.at[-1])
        except TemporaryError:
            return Policy("temperror", "not_asked", lookups=self.lookups, name=self.at[-1])

    async def _check_host(self, domain: str) -> tuple[Outcome, str]:
        found = await self._ask(domain, "TXT", counts=False)
        records = [one for one in found if one.lower() == "v=spf1" or one.lower().startswith("v=spf1 ")]
        if len(records) > 1:
            raise PermanentError("several")
        return await self._record(domain, records[0]) if records else ("none", "")

    async def _record(self, domain: str, record: str) -> tuple[Outcome, str]:
        # Whoever reads it refuses the whole record for one bad word (RFC 7208 4.6).
        parsed = [(word, _parsed(word)) for word in record.split()[1:]]
        for word, term in parsed:
            if "sign" in term and await self._matches(term, domain):
                return QUALIFIERS[term["sign"] or "+"], word
        redirects = [term["value"] for _, term in parsed if "sign" not in term and term["name"].lower() == "redirect"]
        if not redirects:
            return "neutral", ""
        if len(redirects) > 1:
            raise PermanentError("unreadable")
        self._count()
        target = self._expand(redirects[0], domain)
        self.at.append(target)
        outcome, word = await self._check_host(target)
        if outcome == "none":
            raise PermanentError("include_none")
        return outcome, word

    async def _matches(self, term: dict[str, str], domain: str) -> bool:
        name, value = term["name"].lower(), term["value"] or ""
        if name == "all":
            return True
        if name in ("ip4", "ip6"):
            return self._within(value)
        self._count()
        target = self._expand(value, domain) if value else domain
        if name == "include":
            return await self._include(target)
        if name == "exists":
            return bool(await self._ask(target, "A"))
        if name == "ptr":
            # Slow, and counted as it is; what it matches is nothing to rely on (RFC 7208 5.5).
            return False
        hosts = [target]
        if name == "mx":
            hosts = [one.partition(" ")[2] for one in await self._ask(target, "MX")]
            if len(hosts) > NAMES_MAX:
                raise PermanentError("too_many_names")
        return await self._one_of(hosts, term["lengths"] or "", empty=name == "a")

    async def _include(self, target: str) -> bool:
        self.at.append(target)
        outcome, _ = await self._check_host(target)
        if outcome == "none":
            raise PermanentError("include_none")
        self.at.pop()
        return outcome == "pass"

    async def _one_of(self, hosts: list[str], lengths: str, *, empty: bool) -> bool:
        kind = "AAAA" if self._ip().version == 6 else "A"
        four, _, six = lengths.partition("//")
        length = (six or "128") if kind == "AAAA" else (four.removeprefix("/") or "32")
        for host in hosts:
            for found in await self._ask(host, kind, counts=empty):
                if self._within(f"{found}/{length}"):
                    return True
        return False

    def _ip(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        return ipaddress.ip_address(self.address)

    def _within(self, network: str) -> bool:
        try:
            return self._ip() in ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise PermanentError("unreadable") from None

    def _expand(self, text: str, domain: str) -> str:
        try:
            return expand(text, self.address, self.sender_domain, domain, self.greeting)
        except ValueError:
            raise PermanentError("unreadable") from None

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > LOOKUPS_MAX:
            raise PermanentError("too_many")

    async def _ask(self, name: str, kind: str, *, counts: bool = True) -> tuple[str, ...]:
        found = await self.ask(name, kind)
        if found is None:
            self.at.append(name)
            raise TemporaryError
        if counts and not found:
            self.empty += 1
            if self.empty > EMPTY_MAX:
                raise PermanentError("too_many_empty")
        return found


def _parsed(word: str) -> dict[str, str]:
    """A mechanism (with "sign") or a modifier in its parts. Raises PermanentError for what is neither."""
    found = NETWORK.fullmatch(word) or MECHANISM.fullmatch(word) or MODIFIER.fullmatch(word)
    parts = {"lengths": "", **found.groupdict(default="")} if found else {}
    name = parts.get("name", "").lower()
    needs_value = "sign" in parts and name in ("include", "exists")
    if not parts or (needs_value and not parts["value"]):
        raise PermanentError("unreadable")
    return parts
