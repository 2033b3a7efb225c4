"""Failed sign-ins, counted by address and by account, with a wait that grows. Nobody is held back anywhere else.

Decision 0029. A wrong password counts once for each address and account, however often a device repeats it. Where an
account has signed in lately, strangers' failures hold it back no longer: there it has a count of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mailroom.core.net import counted_as

FREE_FAILURES = 5
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
FORGOTTEN_AFTER_S = 3_600.0
# So long an address is believed to be one of the account's own after a right password came from it.
FAMILIAR_S = 30 * 86_400.0
# A right password is noted again after this time at the earliest: programs sign in every minute.
NOTED_EVERY_S = 3_600.0
# A device that repeats a wrong password is not shown to the host more often than this.
REPEATED_S = 5.0
KEPT_MAX = 20_000
PASSWORDS_EACH_MAX = 16
DIGEST_BYTES = 16
KINDS = ("address", "account")

Pair = tuple[str, str]


@dataclass
class Count:
    """Failures of one address, account, or account at an address. last_s, until_s: seconds since the epoch."""

    failures: int = 0
    last_s: float = 0.0
    until_s: float = 0.0


@dataclass
class Tries:
    """Wrong passwords of one account from one address. wrong: digest -> when the host refused it last."""

    count: Count = field(default_factory=Count)
    wrong: dict[bytes, float] = field(default_factory=dict)


def wait_after(failures: int) -> float:
    """Seconds to wait after so many failures: none for the first five, then doubling up to 15 minutes."""
    if failures <= FREE_FAILURES:
        return 0.0
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - FREE_FAILURES - 1, 30))


class Failures:
    """The counts, and where accounts are familiar, in a small file so that a restart forgives nobody.

    Addresses inside the LAN count like any other: an infected computer there guesses too. Wrong passwords are in memory
    alone, as digests under a key that nobody else has.
    """

    def __init__(self, file: Path, now: Callable[[], float]) -> None:
        self.file, self.now = file, now
        self.counts: dict[Pair, Count] = {}
        # (account, address) -> when a right password came from there last.
        self.familiar: dict[Pair, float] = {}
        self.tries: dict[Pair, Tries] = {}
        self.key = os.urandom(32)
        # Refusals before this time say nothing any more: the host has changed since.
        self.refusals_count_from_s = float("-inf")
        self.unsaved = False
        self._load()

    def retry_after_s(self, account: str, address: str) -> float:
        """Seconds until this address may try this account again; 0 when it may now."""
        place = counted_as(address)
        if self.is_familiar(account, address):
            tries = self.tries.get((account, place))
            waits = [tries.count.until_s] if tries else []
        else:
            waits = [self.counts[key].until_s for key in _keys(account, place) if key in self.counts]
        return max(0.0, max(waits, default=0.0) - self.now())

    def is_familiar(self, account: str, address: str) -> bool:
        """Whether this account has lately signed in from this address, which strangers' failures then do not close."""
        seen_s = self.familiar.get((account, counted_as(address)))
        return seen_s is not None and self.now() - seen_s <= FAMILIAR_S

    def repeats(self, account: str, address: str, password: str) -> bool:
        """Whether the host has refused just this a moment ago, so that it need not be asked again."""
        tries = self.tries.get((account, counted_as(address)))
        refused_s = tries.wrong.get(self._digest(password)) if tries else None
        return refused_s is not None and refused_s > self.refusals_count_from_s and self.now() - refused_s < REPEATED_S

    def host_changed(self) -> None:
        """What the host has refused so far it may accept now. The counts stay."""
        self.refusals_count_from_s = self.now()

    def add(self, account: str, address: str, password: str) -> None:
        """Count one wrong password or unknown name, unless the same has come from there before.

        What others have tried elsewhere plays no part: else the count would tell which passwords they use.
        """
        now, place, digest = self.now(), counted_as(address), self._digest(password)
        tries = self.tries.setdefault((account, place), Tries())
        refused_s = tries.wrong.pop(digest, float("-inf"))
        tries.wrong[digest] = now
        if now - refused_s <= FORGOTTEN_AFTER_S:
            return
        for count in (tries.count, *(self.counts.setdefault(key, Count()) for key in _keys(account, place))):
            _charge(count, now)
        for oldest in list(tries.wrong)[:-PASSWORDS_EACH_MAX]:
            del tries.wrong[oldest]
        self._bound()
        self.unsaved = True

    def succeeded(self, account: str, address: str) -> None:
        """A right password was given: the account starts afresh and is familiar at this address from now on.

        The address loses what this account alone has added to it, and no more: one own account would otherwise be
        enough to guess at all others without end.
        """
        now, place = self.now(), counted_as(address)
        self.unsaved |= self.counts.pop(("account", account), None) is not None
        tries, of_address = self.tries.pop((account, place), None), self.counts.get(("address", place))
        if tries and of_address:
            of_address.failures = max(0, of_address.failures - tries.count.failures)
            self.unsaved = True
        if place and now - self.familiar.get((account, place), 0.0) >= NOTED_EVERY_S:
            self.familiar[account, place] = now
            self.unsaved = True
            _forget_oldest(self.familiar, lambda pair: self.familiar[pair])

    def bans(self) -> list[dict[str, Any]]:
        """Who has to wait now: [{kind, value, failures, until}], longest wait first.

        An account that has to wait where it is familiar is told as an account.
        """
        held = {key: count for key, count in self.counts.items() if count.until_s > self.now()}
        for (account, _), tries in self.tries.items():
            key = ("account", account)
            if account and tries.count.until_s > max(self.now(), held[key].until_s if key in held else 0.0):
                held[key] = tries.count
        return [
            {"kind": kind, "value": value, "failures": count.failures, "until": count.until_s}
            for (kind, value), count in sorted(held.items(), key=lambda item: -item[1].until_s)
        ]

    def unban(self, kind: str, value: str) -> bool:
        """Forget the failures of one address or account; whether there were any."""
        value = counted_as(value) if kind == "address" else value
        part = KINDS[::-1].index(kind)
        tried = [pair for pair in self.tries if pair[part] == value]
        for pair in tried:
            del self.tries[pair]
        known = self.counts.pop((kind, value), None) is not None
        self.unsaved |= known
        return known or bool(tried)

    def save(self) -> None:
        """Write what has changed, replacing the file in one step. A full disk is no reason to stop checking."""
        if not self.unsaved:
            return
        self.unsaved = False
        facts = {
            "counts": [[kind, value, asdict(count)] for (kind, value), count in self.counts.items()],
            "familiar": [[account, address, seen_s] for (account, address), seen_s in self.familiar.items()],
        }
        beside = self.file.with_suffix(".new")
        with suppress(OSError):
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                json.dump(facts, out)
            beside.replace(self.file)

    def _load(self) -> None:
        try:
            facts = json.loads(self.file.read_text())
            # Earlier versions wrote the list of counts alone.
            rows, familiar = (facts, []) if isinstance(facts, list) else (facts["counts"], facts["familiar"])
            self.counts = {(str(kind), str(value)): Count(**count) for kind, value, count in rows}
            self.familiar = {(str(account), str(address)): float(seen_s) for account, address, seen_s in familiar}
        except (OSError, ValueError, TypeError, KeyError):
            self.counts, self.familiar = {}, {}

    def _digest(self, password: str) -> bytes:
        return hmac.digest(self.key, password.encode(errors="surrogateescape"), hashlib.sha256)[:DIGEST_BYTES]

    def _bound(self) -> None:
        """Somebody who tries endless names must not fill the memory: the oldest counts go first."""
        _forget_oldest(self.counts, lambda key: self.counts[key].last_s)
        _forget_oldest(self.tries, lambda pair: self.tries[pair].count.last_s)


def _keys(account: str, place: str) -> Iterable[Pair]:
    return [(kind, value) for kind, value in (("account", account), ("address", place)) if value]


def _charge(count: Count, now: float) -> None:
    if now - count.last_s > FORGOTTEN_AFTER_S:
        count.failures = 0
    count.failures, count.last_s = count.failures + 1, now
    count.until_s = now + wait_after(count.failures)


def _forget_oldest(known: dict[Pair, Any], time_of: Callable[[Pair], float]) -> None:
    if len(known) > KEPT_MAX:
        for key in sorted(known, key=time_of)[: KEPT_MAX // 10]:
            del known[key]
