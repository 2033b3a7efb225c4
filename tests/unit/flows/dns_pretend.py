"""Name servers that pretend, for what is said of DNS records."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from mailroom.core.settings import AllValues, defaults
from mailroom.dns.shape import Outcome, Questions, Reply
from mailroom.flows.dns_records import World

ADDRESS, REVERSE = "203.0.113.25", "25.113.0.203.in-addr.arpa"
RIGHT = {
    ("mail.example.com", "A"): [ADDRESS],
    ("example.com", "MX"): ["0 mail.example.com"],
    (REVERSE, "PTR"): ["mail.example.com"],
    ("example.com", "TXT"): ["something=else", "v=spf1 mx ~all"],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none"],
}
ZONES = {"example.com": ["one", "two"], "113.0.203.in-addr.arpa": ["one", "two"]}


@dataclass
class Pretend:
    """Name servers "one" and "two" with records by (name, type); a name that a server treats in its own way."""

    known: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    ways: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    theirs: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    silent_for: tuple[str, ...] = ()

    async def ask(self, server: str, name: str, kind: str, limit_s: float, recurse: bool = False) -> Reply:
        if recurse:
            return self._resolved(name, kind)
        if name in self.silent_for:
            await asyncio.sleep(limit_s)
            return Reply("slow")
        if (server, name) in self.ways:
            return Reply(self.ways[server, name])
        alias = self.known.get((name, "CNAME"), [])
        if alias and kind != "CNAME":
            return Reply("answer", alias=alias[0])
        values = self.theirs.get((server, name, kind), self.known.get((name, kind), []))
        return Reply("answer", tuple(values), 300) if values else Reply("nothing")

    def _resolved(self, name: str, kind: str) -> Reply:
        if kind == "NS" and name in ZONES:
            return Reply("answer", tuple(ZONES[name]))
        return Reply("answer", (name,)) if kind == "A" and name in ("one", "two") else Reply("nothing")


def world(own: dict[str, bool | None] | None = None, pretend: Questions | None = None, **known: Any) -> World:
    return World(lambda: pretend or Pretend(**known), lambda: ("resolver",), lambda: own or {})


def settings(**general: Any) -> AllValues:
    values = defaults()
    values["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com", **general)
    return values


def with_record(name: str, kind: str, *values: str) -> dict[tuple[str, str], list[str]]:
    return {**RIGHT, (name, kind): list(values)}
