"""The journal's tables: one file a day (UTC), so that old days are dropped whole and searches start at the newest."""

from __future__ import annotations

import calendar
import errno
import logging
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from peewee import SQL, CharField, FloatField, IntegerField, Model, PeeweeException, SqliteDatabase, TextField, fn
from playhouse.sqlite_ext import JSONField

from mailroom.core import paths
from mailroom.store.database import open_database
from mailroom.store.ownership import kept_by_the_filter

LOG = logging.getLogger("mailroom.journal")
SCHEMA = 1
PREFIX = "journal-"
DAY = re.compile(r"\d{4}-[01]\d-[0-3]\d")
OPEN_DAYS_MAX = 8
DAY_S = 86_400
LAST_DAY = "9999-12-31"
# A record has the time of MAIL FROM, which may be some hours before Postfix gives a queue id on a slow line.
DAY_SLIP_S = 14_400.0
# More than a day ever has.
DAY_STEP = 100_000_000
SUMMARY = ("id", "time", "sender", "recipients", "size", "verdict", "queue_id", "login", "client")


class Entry(Model):
    """Shape of a row; each day's file binds its own copy."""

    id = CharField(primary_key=True)
    time = FloatField()
    sender = TextField()
    rcpt = TextField()
    queue_id = TextField(index=True)
    verdict = TextField()
    login = TextField()
    size = IntegerField()
    whole = JSONField()

    class Meta:
        # Newest first, and a day's counts without touching the rows themselves.
        indexes = ((("time", "verdict", "login"), False),)


@kept_by_the_filter
class JournalStore:
    """All days together. Threads may share it."""

    def __init__(self, folder: Path = paths.RECORDS) -> None:
        self.folder, self.days, self.lock = folder, {}, threading.Lock()  # type: ignore[var-annotated]

    def add(self, record: dict[str, Any]) -> None:
        """Write one record (see filtering/journal.record_of). Raises OSError when the disk refuses."""
        day = _day(record["time"])
        try:
            table = self._table(day)
            table.insert(
                id=record["id"],
                time=record["time"],
                sender=record["sender"],
                rcpt=" ".join(recipient["address"] for recipient in record["recipients"]),
                queue_id=record["queue_id"],
                verdict=record["verdict"],
                login=record["login"],
                size=record["size"],
                whole=record,
            ).execute()
        except PeeweeException as reason:
            number = errno.ENOSPC if "full" in str(reason) else errno.EIO
            raise OSError(number, str(reason)) from reason

    def amend(self, record: dict[str, Any]) -> None:
        """Put a record in the place of the one with its id, when more is known of it. Raises OSError."""
        day = _day(record["time"])
        try:
            table = self._table(day)
            table.update(verdict=record["verdict"], whole=record).where(table.id == record["id"]).execute()
        except PeeweeException as reason:
            raise OSError(errno.EIO, str(reason)) from reason

    def find(
        self, search: str, offset: int, limit: int, *, since: float = 0.0, until: float = 0.0, verdict: str = ""
    ) -> tuple[int, list[dict[str, Any]]]:
        """(how many in all, the asked slice), newest first. `search`: part of a sender or recipient address.

        since, until: seconds since the epoch, 0 for no limit. verdict: "" for any.
        """
        total = 0
        found: list[dict[str, Any]] = []
        for table in self._newest_first(since, until):
            rows = table.select(table.whole).where(table.time >= since)
            if until:
                rows = rows.where(table.time < until)
            if verdict:
                rows = rows.where(table.verdict == verdict)
            if search:
                rows = rows.where(table.sender.contains(search) | table.rcpt.contains(search))
            count = rows.count()
            skip = max(0, offset - total)
            room = limit - len(found)
            if room > 0 and skip < count:
                newest = rows.order_by(table.time.desc(), table.id.desc()).offset(skip).limit(room)
                found += [_summary(row.whole) for row in newest]
            total += count
        return total, found

    def summaries(self, queue_ids: dict[str, float]) -> dict[str, dict[str, Any]]:
        """{queue id: summary} of the records with these queue ids. The times say in which days to look."""
        days = {_day(time + slip) for time in queue_ids.values() for slip in (-DAY_SLIP_S, DAY_SLIP_S)}
        found: dict[str, dict[str, Any]] = {}
        for table in self._readable([day for day in self._days() if day in days]):
            for row in table.select(table.whole).where(table.queue_id.in_(list(queue_ids))):
                found.setdefault(row.whole["queue_id"], _summary(row.whole))
        return found

    def oldest(self) -> float | None:
        """When the oldest day that is here began, None when there is none."""
        days = self._days()
        return float(calendar.timegm(time.strptime(days[-1], "%Y-%m-%d"))) if days else None

    def get(self, name: str) -> dict[str, Any] | None:
        """The whole record with this id or queue id."""
        for table in self._newest_first():
            row = table.get_or_none((table.id == name) | (table.queue_id == name))
            if row is not None:
                return dict(row.whole)
        return None

    def count(self, since: float, **wanted: Any) -> int:
        """How many records since a moment have these columns' values; a list means any of them."""
        total = 0
        for table in self._newest_first(since):
            total += _having(table.select().where(table.time >= since), wanted).count()
        return total

    def newest(self, limit: int, **wanted: Any) -> list[dict[str, Any]]:
        """Summaries of the newest records that have these columns' values, as in `count`; at most so many."""
        found: list[dict[str, Any]] = []
        for table in self._newest_first():
            rows = _having(table.select(table.whole), wanted).order_by(table.time.desc(), table.id.desc())
            found += [_summary(row.whole) for row in rows.limit(limit - len(found))]
            if len(found) == limit:
                break
        return found

    def mark(self) -> int:
        """A number that grows with each record, 0 when there is none; below 2**53, so that a browser can hold it.

        The day before counts too: a message that came before midnight may be written after it.
        """
        days = self._days()
        if not days:
            return 0
        counts = [table.select(fn.MAX(SQL("rowid"))).scalar() or 0 for table in self._readable(days[:2])]
        newest = calendar.timegm(time.strptime(days[0], "%Y-%m-%d")) // DAY_S
        return newest * DAY_STEP + sum(counts)

    def _newest_first(self, since: float = 0.0, until: float = 0.0) -> Iterator[type[Entry]]:
        first, last = _day(since), _day(until) if until else LAST_DAY
        yield from self._readable([day for day in self._days() if first <= day <= last])

    def _days(self) -> list[str]:
        """Every day that has a file, newest first."""
        names = (file.stem.removeprefix(PREFIX) for file in self.folder.glob(f"{PREFIX}*.sqlite"))
        return sorted((name for name in names if DAY.fullmatch(name)), reverse=True)

    def _readable(self, days: list[str]) -> Iterator[type[Entry]]:
        for day in days:
            try:
                table = self._table(day)
            except PeeweeException as reason:
                # A damaged day, or one that is no file of the filter's, hides no other day.
                LOG.error("the journal of %s cannot be read: %s", day, reason)
            else:
                yield table

    def _table(self, day: str) -> type[Entry]:
        with self.lock:
            if day not in self.days:
                if len(self.days) >= OPEN_DAYS_MAX:
                    oldest = self.days.pop(min(self.days))
                    oldest._meta.database.close()
                # A model of its own for each day: peewee binds a model to one database.
                table = type("Entry", (Entry,), {"Meta": type("Meta", (), {"table_name": "entries"})})
                database: SqliteDatabase = open_database(
                    self.folder / f"{PREFIX}{day}.sqlite", [table], SCHEMA, durable=False
                )
                table._meta.database = database  # type: ignore[attr-defined]
                self.days[day] = table
            return self.days[day]  # type: ignore[no-any-return]


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))


def _having(rows: Any, wanted: dict[str, Any]) -> Any:
    """Those of the rows that have these columns' values; a list means any of them."""
    for name, value in wanted.items():
        column = getattr(rows.model, name)
        rows = rows.where(column.in_(value) if isinstance(value, list) else column == value)
    return rows


def _summary(whole: dict[str, Any]) -> dict[str, Any]:
    facts = {name: whole[name] for name in SUMMARY}
    facts["recipients"] = [recipient["address"] for recipient in whole["recipients"]]
    return facts
