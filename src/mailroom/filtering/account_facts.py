"""What the filter knows of accounts: which addresses a login name may send as (rows DL11, X06-01).

The job process writes the file whenever accounts, aliases or domains change (flows/account_facts.py).
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

    def addresses_of(self, login: str) -> frozenset[str] | None:
        """What this login name may send as, in lower case; None while that is not known."""
        try:
            found = self.file.stat()
            stamp = (found.st_ino, found.st_mtime_ns)
            if stamp != self.stamp:
                self._read()
                self.stamp = stamp
        except (OSError, ValueError, KeyError, TypeError) as reason:
            LOG.error("what accounts may send as cannot be read: %s", type(reason).__name__)
            return None
        return self.owned.get(login.lower(), frozenset())

    def _read(self) -> None:
        facts = json.loads(self.file.read_text())
        owned: dict[str, set[str]] = {}
        for address, logins in facts["senders"].items():
            for login in logins:
                owned.setdefault(login, set()).add(address)
        self.owned = {login: frozenset(found) for login, found in owned.items()}
