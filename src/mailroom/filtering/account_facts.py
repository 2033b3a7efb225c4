"""What the filter knows of accounts: which addresses a login name may send as, and what it opened that is over.

The job process writes the file whenever accounts, aliases or domains change (flows/account_facts.py). Row DL11.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from mailroom.core import paths

LOG = logging.getLogger("mailroom.filter")
Stamp = tuple[int, int]


class AccountFacts:
    """The file, read again when it is another one."""

    def __init__(self, file: Path = paths.ACCOUNT_FACTS) -> None:
        self.file = file
        self.stamp: Stamp | None = None
        self.owned: dict[str, frozenset[str]] = {}
        self.ended: dict[str, float] = {}

    def addresses_of(self, login: str) -> frozenset[str] | None:
        """What this login name may send as, in lower case; None while that is not known."""
        return self.owned.get(login.lower(), frozenset()) if self._is_read() else None

    def is_over(self, login: str, connected_s: float) -> bool:
        """Whether a connection of then (seconds since the epoch) may no longer do what it signed in for."""
        return self._is_read() and connected_s <= self.ended.get(login.lower(), 0.0)

    def _is_read(self) -> bool:
        try:
            found = self.file.stat()
            stamp = (found.st_ino, found.st_mtime_ns)
            if stamp != self.stamp:
                self._read()
                self.stamp = stamp
        except (OSError, ValueError, KeyError, TypeError) as reason:
            LOG.error("what accounts may send as cannot be read: %s", type(reason).__name__)
            return False
        return True

    def _read(self) -> None:
        facts = json.loads(self.file.read_text())
        owned: dict[str, set[str]] = {}
        for address, logins in facts["senders"].items():
            for login in logins:
                owned.setdefault(login, set()).add(address)
        self.owned = {login: frozenset(found) for login, found in owned.items()}
        self.ended = {login: float(ended_s) for login, ended_s in facts["ended"].items()}
