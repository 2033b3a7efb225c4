"""Addresses that write to accounts which do not exist: what each has tried today, and which are blocked (row PO10).

Filter processes count at the same time; each guess is one transaction, so that none is lost or counted twice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peewee import CompositeKey, FloatField, IntegerField, Model, SqliteDatabase, TextField

from mailroom.core import paths
from mailroom.store.database import open_database, writing
from mailroom.store.ownership import kept_by_the_filter

SCHEMA = 1
# So many are listed.
BLOCKS_MAX = 10_000


class GuessRow(Model):
    """One account that was tried. Kept until the address is blocked or the day is over, so at most `limit` for each."""

    day = TextField()
    address = TextField()
    account = TextField()

    class Meta:
        table_name = "guesses"
        primary_key = CompositeKey("day", "address", "account")


class BlockRow(Model):
    address = TextField(primary_key=True)
    day = TextField()
    accounts = IntegerField()
    time = FloatField()

    class Meta:
        table_name = "blocks"


@kept_by_the_filter
class GuessStore:
    """The table of guesses and blocks. day: "YYYY-MM-DD" by the NAS's clock; what is of another day counts no more."""

    def __init__(self, file: Path = paths.RECORDS / "guesses.sqlite") -> None:
        self.database: SqliteDatabase = open_database(file, [GuessRow, BlockRow], SCHEMA, durable=False)

    def add(self, day: str, address: str, account: str, limit: int, time: float) -> bool:
        """Count one account that does not exist; whether the address is blocked from now on. Raises Unavailable (disk).

        The same account counts once, and nothing is counted for an address that is blocked already.
        """
        # IMMEDIATE: the others wait here, and not at the end, where SQLite would refuse them.
        with writing(self.database, "Guesses", "IMMEDIATE"):
            self._forget_before(day)
            if self.is_blocked(day, address):
                return False
            GuessRow.insert(day=day, address=address, account=account).on_conflict_ignore().execute()
            accounts = GuessRow.select().where(GuessRow.address == address).count()
            if accounts <= limit:
                return False
            BlockRow.insert(address=address, day=day, accounts=accounts, time=time).execute()
            GuessRow.delete().where(GuessRow.address == address).execute()
        return True

    def is_blocked(self, day: str, address: str) -> bool:
        """Whether the address is blocked on this day."""
        found = self.database.execute_sql("SELECT 1 FROM blocks WHERE address = ? AND day = ?", (address, day))  # type: ignore[no-untyped-call]
        return found.fetchone() is not None

    def blocked(self, day: str) -> list[dict[str, Any]]:
        """[{address, accounts, time}] of this day's newest blocks, newest first."""
        rows = BlockRow.select().where(BlockRow.day == day).order_by(BlockRow.time.desc()).limit(BLOCKS_MAX)
        return [{"address": row.address, "accounts": row.accounts, "time": row.time} for row in rows]

    def lift(self, address: str) -> bool:
        """Block the address no longer, and count afresh; whether it was blocked. Raises Unavailable (disk)."""
        with writing(self.database, "Guesses"):
            GuessRow.delete().where(GuessRow.address == address).execute()
            return bool(BlockRow.delete().where(BlockRow.address == address).execute())

    @staticmethod
    def _forget_before(day: str) -> None:
        GuessRow.delete().where(GuessRow.day != day).execute()
        BlockRow.delete().where(BlockRow.day != day).execute()
