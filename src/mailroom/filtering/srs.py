"""The Sender Rewriting Scheme: return addresses that lead back through us (X06-04).

A message that is forwarded leaves with an envelope sender of our own domain, SRS0=HASH=DAY=DOMAIN=NAME@ours; a sender
that another forwarder has rewritten becomes SRS1=HASH=FORWARDER=REST@ours, so that a failure skips those between (M.
Weaver, "The Sender Rewriting Scheme", 2004). The hash keeps others from sending through us; after EXPIRES_DAYS such an
address is void. It is written in letters that survive a server which changes upper and lower case.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet

EXPIRES_DAYS = 21
DAY_S = 86_400
# 40 bits, in eight letters of base32 (RFC 4648).
HASH_LETTERS = 8
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# Days are counted modulo 1024, in two letters.
DAYS = len(LETTERS) ** 2
HASH = rf"([a-z2-7]{{{HASH_LETTERS}}})"
FIRST = re.compile(rf"SRS0[=+-]{HASH}=([a-z2-7]{{2}})=([^=]+)=(.+)", re.I | re.S)
LATER = re.compile(rf"SRS1[=+-]{HASH}=([^=]+)=([=+-].+)", re.I | re.S)
# As another forwarder writes them: its hash is its own affair.
FOREIGN_FIRST = re.compile(r"SRS0([=+-].+)", re.I | re.S)
FOREIGN_LATER = re.compile(r"SRS1[=+-][^=]+=([^=]+)=([=+-].+)", re.I | re.S)
ATOMS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+", re.I)


class Void(ValueError):
    """A return address that is not one of ours, was changed, or is too old."""


class Srs:
    """Both directions. key: ours alone. now: seconds since the epoch."""

    def __init__(self, key: bytes, now: Callable[[], float]) -> None:
        self.key, self.now = key, now

    def forward(self, sender: str, domain: str, ours: AbstractSet[str]) -> str:
        """The sender with which mail of `sender` is forwarded, "" when it may stay: it is of ours, or there is none.

        domain: ours, to which failures come. Local parts may be quoted (RFC 5321 4.1.2).
        """
        local, _, origin = sender.rpartition("@")
        if not local or not origin or origin.lower() in ours:
            return ""
        name = _unquoted(local)
        if again := FOREIGN_LATER.fullmatch(name):
            return _address(self._later(again[1], again[2]), domain)
        if first := FOREIGN_FIRST.fullmatch(name):
            return _address(self._later(origin, first[1]), domain)
        day = _written(self._today())
        return _address(f"SRS0={self._hash(day, origin, name)}={day}={origin}={name}", domain)

    def original(self, address: str) -> str:
        """Whom a return address of ours stands for. Raises Void."""
        name = _unquoted(address.rpartition("@")[0])
        if first := FIRST.fullmatch(name):
            self._verify(first[1], first[2], first[3], first[4])
            if (self._today() - _read(first[2])) % DAYS > EXPIRES_DAYS:
                raise Void("expired")
            return _address(first[4], first[3])
        if later := LATER.fullmatch(name):
            self._verify(later[1], later[2], later[3])
            return _address(f"SRS0{later[3]}", later[2])
        raise Void("malformed")

    def _later(self, forwarder: str, rest: str) -> str:
        return f"SRS1={self._hash(forwarder, rest)}={forwarder}={rest}"

    def _today(self) -> int:
        return int(self.now() // DAY_S) % DAYS

    def _hash(self, *parts: str) -> str:
        digest = hmac.digest(self.key, "\0".join(parts).lower().encode("utf-8", "surrogateescape"), "sha256")
        return base64.b32encode(digest).decode()[:HASH_LETTERS]

    def _verify(self, told: str, *parts: str) -> None:
        if not hmac.compare_digest(told.upper(), self._hash(*parts)):
            raise Void("changed")


def _written(day: int) -> str:
    return LETTERS[day // len(LETTERS)] + LETTERS[day % len(LETTERS)]


def _read(day: str) -> int:
    high, low = (LETTERS.index(letter) for letter in day.upper())
    return high * len(LETTERS) + low


def _unquoted(local: str) -> str:
    return re.sub(r"\\(.)", r"\1", local[1:-1], flags=re.S) if local.startswith('"') else local


def _address(local: str, domain: str) -> str:
    plain = ATOMS.fullmatch(local) and not local.startswith(".") and not local.endswith(".") and ".." not in local
    quoted = local if plain else '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    return f"{quoted}@{domain}"
