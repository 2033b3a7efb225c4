"""What a domain demands of those who send to it: an MTA-STS policy (RFC 8461 3.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

MODES = ("enforce", "testing", "none")
# About a year (RFC 8461 3.2).
MAX_AGE_S = 31_557_600
SERVERS_MAX = 100
LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*:[ \t]*(.*?)[ \t]*")
# A host name, or all names of one further label below it. An upper-case letter is the same as a lower-case one.
SERVER = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.I)


class BadPolicy(ValueError):
    """What was given out is no policy."""


@dataclass(frozen=True)
class StsPolicy:
    """servers: patterns of names of mail servers, in lower case. max_age_s: how long it may be relied on."""

    mode: str
    servers: tuple[str, ...]
    max_age_s: int


def parse(text: str) -> StsPolicy:
    """The policy that a text holds. Of a key that comes more than once, the first counts. Raises BadPolicy."""
    known: dict[str, str] = {}
    servers: list[str] = []
    for line in re.split(r"\r?\n", text):
        if not line.strip():
            continue
        if not (match := LINE.fullmatch(line)):
            raise BadPolicy("a line is no key with a value")
        key, value = match[1], match[2]
        if key == "mx":
            servers.append(_server(value))
        else:
            known.setdefault(key, value)
    if known.get("version") != "STSv1":
        raise BadPolicy("the version is not STSv1")
    if (mode := known.get("mode", "")) not in MODES:
        raise BadPolicy("the mode is unknown")
    age = known.get("max_age", "")
    if not re.fullmatch(r"[0-9]{1,10}", age):
        raise BadPolicy("max_age is no number")
    if len(servers) > SERVERS_MAX or (not servers and mode != "none"):
        raise BadPolicy("no mail server, or too many")
    return StsPolicy(mode, tuple(dict.fromkeys(servers)), min(int(age), MAX_AGE_S))


def _server(text: str) -> str:
    name = text.lower().removesuffix(".")
    if len(name) > 253 or not SERVER.fullmatch(name):
        raise BadPolicy("a mail server's name is none")
    return name
