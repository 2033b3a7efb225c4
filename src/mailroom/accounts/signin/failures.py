"""Failed sign-ins, counted by address and by account, with a wait that grows. Nobody is held back anywhere else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FREE_FAILURES = 5
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
FORGOTTEN_AFTER_S = 3_600.0
KEPT_MAX = 20_000
KINDS = ("address", "account")


@dataclass
class Count:
    """Failures of one address or account. last_s, until_s: seconds since the epoch."""

    failures: int = 0
    last_s: float = 0.0
    until_s: float = 0.0


def wait_after(failures: int) -> float:
    """Seconds to wait after so many failures: none for the first five, then doubling up to 15 minutes."""
    if failures <= FREE_FAILURES:
        return 0.0
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - FREE_FAILURES - 1, 30))


class Failures:
    """The counts, kept in a small file so that a restart forgives nobody.

    Addresses inside the LAN count like any other: an infected computer there guesses too.
    """

    def __init__(self, file: Path, now: Callable[[], float]) -> None:
        self.file, self.now = file, now
        self.counts: dict[tuple[str, str], Count] = {}
        self.unsaved = False
        self._load()

    def retry_after_s(self, account: str, address: str) -> float:
        """Seconds until this address may try this account again; 0 when it may now."""
        waits = [self.counts[key].until_s for key in self._keys(account, address) if key in self.counts]
        return max(0.0, max(waits, default=0.0) - self.now())

    def add(self, account: str, address: str) -> None:
        """Count one wrong password or unknown name."""
        now = self.now()
        for key in self._keys(account, address):
            count = self.counts.setdefault(key, Count())
            if now - count.last_s > FORGOTTEN_AFTER_S:
                count.failures = 0
            count.failures, count.last_s = count.failures + 1, now
            count.until_s = now + wait_after(count.failures)
        self._bound()
        self.unsaved = True

    def clear_account(self, account: str) -> None:
        """A right password was given: the account starts afresh; the address keeps its count, or one own account
        would be enough to guess at all others without end."""
        self.unsaved |= self.counts.pop(("account", account), None) is not None

    def bans(self) -> list[dict[str, Any]]:
        """Who has to wait now: [{kind, value, failures, until}], longest wait first."""
        now = self.now()
        held = [(key, count) for key, count in self.counts.items() if count.until_s > now]
        held.sort(key=lambda item: -item[1].until_s)
        return [
            {"kind": kind, "value": value, "failures": count.failures, "until": count.until_s}
            for (kind, value), count in held
        ]

    def unban(self, kind: str, value: str) -> bool:
        """Forget the failures of one address or account; whether there were any."""
        known = self.counts.pop((kind, value), None) is not None
        self.unsaved |= known
        return known

    def save(self) -> None:
        """Write what has changed, replacing the file in one step. A full disk is no reason to stop checking."""
        if not self.unsaved:
            return
        self.unsaved = False
        rows = [[kind, value, asdict(count)] for (kind, value), count in self.counts.items()]
        beside = self.file.with_suffix(".new")
        with suppress(OSError):
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                json.dump(rows, out)
            beside.replace(self.file)

    def _load(self) -> None:
        try:
            rows = json.loads(self.file.read_text())
            self.counts = {(str(kind), str(value)): Count(**count) for kind, value, count in rows}
        except (OSError, ValueError, TypeError):
            self.counts = {}

    @staticmethod
    def _keys(account: str, address: str) -> list[tuple[str, str]]:
        return [(kind, value) for kind, value in (("account", account), ("address", address)) if value]

    def _bound(self) -> None:
        """Somebody who tries endless names must not fill the memory: the oldest counts go first."""
        if len(self.counts) > KEPT_MAX:
            by_age = sorted(self.counts, key=lambda key: self.counts[key].last_s)
            for key in by_age[: KEPT_MAX // 10]:
                del self.counts[key]
