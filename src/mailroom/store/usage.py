"""What each user has sent to others within 24 hours (rows DQ01-DQ05).

Filter processes count at the same time. A message is first taken into account, in one transaction with the look at the
limits, and counted for good once Postfix was told that it is accepted. What a filter that was killed in between left
lapses by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peewee import FloatField, IntegerField, Model, SqliteDatabase, TextField, fn

from mailroom.core import paths
from mailroom.store.database import open_database, writing
from mailroom.store.ownership import kept_by_the_filter

SCHEMA = 1
WINDOW_S = 86_400.0
# Between the two steps a message needs milliseconds; a full disk or a busy one may make it wait.
PENDING_S = 60.0
# A clock that was set back by more than this has begun a new count: else somebody might wait for years.
CLOCK_SLIP_S = 60.0


@dataclass(frozen=True)
class Limits:
    """What a user may send within the window: messages, bytes; None means any number."""

    messages: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Usage:
    """What a user has sent since the window began (seconds since the epoch)."""

    messages: int
    bytes: int
    since: float

    @property
    def until(self) -> float:
        """When the count begins anew."""
        return self.since + WINDOW_S

    def holds(self, now: float) -> bool:
        """Whether the window lasts at this moment."""
        return self.since - CLOCK_SLIP_S <= now < self.until


@dataclass(frozen=True)
class Taken:
    """The answer about one message. full: the limit that it would exceed ("messages" | "bytes"), "" when it is counted.

    usage: with the message, when it is counted; without it otherwise.
    """

    usage: Usage
    full: str = ""


class UsageRow(Model):
    user = TextField(primary_key=True)
    messages = IntegerField()
    bytes = IntegerField()
    since = FloatField()

    class Meta:
        table_name = "usage"


class PendingRow(Model):
    """A message that is taken into account and not yet counted for good."""

    id = TextField(primary_key=True)
    user = TextField(index=True)
    bytes = IntegerField()
    time = FloatField()

    class Meta:
        table_name = "pending"


@kept_by_the_filter
class UsageStore:
    """The table of outbound usage. now: seconds since the epoch."""

    def __init__(self, file: Path = paths.RECORDS / "usage.sqlite") -> None:
        self.database: SqliteDatabase = open_database(file, [UsageRow, PendingRow], SCHEMA, durable=False)

    def take(self, id: str, user: str, bytes: int, limits: Limits, now: float) -> Taken:
        """Take a message into account unless it exceeds a limit. Raises Unavailable (disk)."""
        # IMMEDIATE: nobody else may count between our look and our count.
        with writing(self.database, "The outbound usage", "IMMEDIATE"):
            self._forget(now)
            used = self._of(user) or Usage(0, 0, now)
            full = exceeded(used, bytes, limits)
            if full:
                return Taken(used, full)
            PendingRow.insert(id=id, user=user, bytes=bytes, time=now).execute()
        return Taken(Usage(used.messages + 1, used.bytes + bytes, used.since))

    def count(self, id: str) -> None:
        """The message was accepted: it counts for good. Raises Unavailable (disk)."""
        with writing(self.database, "The outbound usage", "IMMEDIATE"):
            row = PendingRow.get_or_none(PendingRow.id == id)
            if row is None:
                return
            fresh = UsageRow.insert(user=row.user, messages=1, bytes=row.bytes, since=row.time)
            fresh.on_conflict(
                conflict_target=[UsageRow.user],
                update={
                    UsageRow.messages: UsageRow.messages + 1,
                    UsageRow.bytes: UsageRow.bytes + row.bytes,
                    UsageRow.since: fn.MIN(UsageRow.since, row.time),
                },
            ).execute()
            row.delete_instance()

    def give_back(self, id: str) -> None:
        """The message was not accepted: it does not count. Raises Unavailable (disk)."""
        with writing(self.database, "The outbound usage", "IMMEDIATE"):
            PendingRow.delete().where(PendingRow.id == id).execute()

    def all(self, now: float) -> dict[str, Usage]:
        """{user: usage} of everybody whose window lasts."""
        users = {row.user for row in UsageRow.select(UsageRow.user)} | {
            row.user for row in PendingRow.select(PendingRow.user).where(PendingRow.time > now - PENDING_S)
        }
        found = {user: usage for user in users if (usage := self._of(user, now)) is not None}
        return {user: usage for user, usage in found.items() if usage.holds(now)}

    def clear(self, user: str) -> bool:
        """Begin a user's count anew; whether there was one. Raises Unavailable (disk)."""
        with writing(self.database, "The outbound usage", "IMMEDIATE"):
            pending = PendingRow.delete().where(PendingRow.user == user).execute()
            return bool(UsageRow.delete().where(UsageRow.user == user).execute() or pending)

    def clear_all(self) -> int:
        """Begin everybody's count anew; how many users had one. Raises Unavailable (disk)."""
        with writing(self.database, "The outbound usage", "IMMEDIATE"):
            users = {row.user for table in (UsageRow, PendingRow) for row in table.select(table.user)}
            UsageRow.delete().execute()
            PendingRow.delete().execute()
        return len(users)

    def _of(self, user: str, now: float | None = None) -> Usage | None:
        """What counts for a user, pending messages too; those that have lapsed by `now` do not."""
        row = UsageRow.get_or_none(UsageRow.user == user)
        wanted = PendingRow.select(fn.COUNT(), fn.SUM(PendingRow.bytes), fn.MIN(PendingRow.time))
        wanted = wanted.where(PendingRow.user == user)
        many, bytes, first = (wanted.where(PendingRow.time > now - PENDING_S) if now else wanted).tuples()[0]
        if row is None:
            return Usage(many, bytes, first) if many else None
        return Usage(row.messages + many, row.bytes + (bytes or 0), row.since)

    @staticmethod
    def _forget(now: float) -> None:
        """Remove windows that are over, and what a killed filter has left."""
        over: Any = (UsageRow.since <= now - WINDOW_S) | (UsageRow.since > now + CLOCK_SLIP_S)
        UsageRow.delete().where(over).execute()
        lapsed: Any = (PendingRow.time <= now - PENDING_S) | (PendingRow.time > now + CLOCK_SLIP_S)
        PendingRow.delete().where(lapsed).execute()


def exceeded(used: Usage, bytes: int, limits: Limits) -> str:
    """The limit that one more message of `bytes` would exceed: "messages" | "bytes" | ""."""
    if limits.messages is not None and used.messages + 1 > limits.messages:
        return "messages"
    if limits.bytes is not None and used.bytes + bytes > limits.bytes:
        return "bytes"
    return ""
