"""What happened, for people and for the live window: one row each, kept for a while."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peewee import AutoField, FloatField, Model, SqliteDatabase, TextField
from playhouse.sqlite_ext import JSONField

from mailroom.core import paths
from mailroom.core.clock import Clock, SystemClock
from mailroom.store.database import open_database, writing

SCHEMA = 1
KEPT = 100_000


class EventRow(Model):
    id = AutoField()
    time = FloatField()
    kind = TextField(index=True)
    who = TextField()
    where = TextField(column_name="place")
    text = TextField()
    facts = JSONField()

    class Meta:
        table_name = "events"


class EventStore:
    """The table of events.

    kind: settings | accounts | sync | signin | token | daemon | message | setup | check | certificate | search |
    definitions | queue | quarantine.
    """

    def __init__(self, file: Path = paths.DB / "events.sqlite", clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.database: SqliteDatabase = open_database(file, [EventRow], SCHEMA, durable=False)

    def add(self, kind: str, text: str, *, who: str = "Mailroom", where: str = "", **facts: Any) -> int:
        """Write one event and forget the oldest beyond the limit; its id is returned. Raises Unavailable (disk)."""
        with writing(self.database, "The events"):
            row = EventRow.create(time=self.clock.now(), kind=kind, who=who, where=where, text=text, facts=facts)
            EventRow.delete().where(EventRow.id <= row.id - KEPT).execute()
        return int(row.id)

    def since(self, last: int, limit: int = 200) -> list[dict[str, Any]]:
        """Events after the one with id `last`, oldest first."""
        rows = EventRow.select().where(EventRow.id > last).order_by(EventRow.id).limit(limit)
        return [_facts(row) for row in rows]

    def newest(self, limit: int = 50, kind: str | None = None) -> list[dict[str, Any]]:
        """The newest events, newest first."""
        rows = EventRow.select().order_by(EventRow.id.desc()).limit(limit)
        return [_facts(row) for row in (rows.where(EventRow.kind == kind) if kind else rows)]


def _facts(row: EventRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "time": row.time,
        "kind": row.kind,
        "who": row.who,
        "where": row.where,
        "text": row.text,
        "facts": row.facts,
    }
