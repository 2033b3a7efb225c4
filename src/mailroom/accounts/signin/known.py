"""What the account table says about a name, read without changing it (see store/accounts.py, which owns the table)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

BUSY_WAIT_S = 0.5


class TableUnreadable(Exception):
    """The account table cannot be asked now; nobody may conclude that an account does not exist."""


@dataclass(frozen=True)
class Known:
    """One account. name: the host's own spelling. active: may use mail now. held: gone from the host just now."""

    name: str
    active: bool
    held: bool
    disabled: bool


class AccountTable:
    """The table in `file`. Opened for each question: a file that was put back from a backup is seen at once."""

    def __init__(self, file: Path) -> None:
        self.address_of = f"file:{quote(str(file))}?mode=ro"

    def find(self, key: str) -> Known | None:
        """The account known under this key. Raises TableUnreadable, also while no first sync was done."""
        with self._open() as table:
            row = table.execute("SELECT name, active, held, disabled FROM accounts WHERE key = ?", (key,)).fetchone()
            if row is None and self._fact(table, "synced") is not True:
                raise TableUnreadable("The accounts were never read yet.")
        return Known(row[0], *map(bool, row[1:])) if row else None

    def active_keys(self) -> list[str]:
        """Every account that has a mailbox now. Raises TableUnreadable."""
        with self._open() as table:
            return [row[0] for row in table.execute("SELECT key FROM accounts WHERE active OR held ORDER BY key")]

    def domain(self) -> str:
        """The mail domain, or "" when none was set. Raises TableUnreadable."""
        with self._open() as table:
            return str(self._fact(table, "domain") or "")

    def domains(self) -> list[str]:
        """Every domain that may stand behind a user's name, the main one among them. Raises TableUnreadable."""
        with self._open() as table:
            found = self._fact(table, "domains")
            return [str(one) for one in found] if isinstance(found, list) else [str(self._fact(table, "domain") or "")]

    @staticmethod
    def _fact(table: sqlite3.Connection, name: str) -> object:
        row = table.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            table = sqlite3.connect(self.address_of, uri=True, timeout=BUSY_WAIT_S)
            try:
                yield table
            finally:
                table.close()
        except sqlite3.Error as reason:
            raise TableUnreadable(str(reason)) from None
