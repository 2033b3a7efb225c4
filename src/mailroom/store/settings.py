"""The revisions of the settings: each Apply is one row with everything in it; nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peewee import SQL, AutoField, FloatField, Model, SqliteDatabase, TextField
from playhouse.sqlite_ext import JSONField

from mailroom.core import paths
from mailroom.core.settings import AllValues
from mailroom.store.database import open_database, writing
from mailroom.store.migrations import Steps

SCHEMA = 2
APPLYING, APPLIED, FAILED = "applying", "applied", "failed"


class RevisionRow(Model):
    number = AutoField()
    state = TextField(index=True)
    time = FloatField()
    who = TextField()
    where = TextField(column_name="place")
    note = TextField(default="")
    changes = JSONField()
    settings = JSONField()
    digests = JSONField(default=dict)

    class Meta:
        table_name = "revisions"


def _add_digests(database: SqliteDatabase) -> None:
    database.execute_sql("ALTER TABLE revisions ADD COLUMN digests TEXT NOT NULL DEFAULT '{}'")  # type: ignore[no-untyped-call]


STEPS: Steps = {2: _add_digests}


@dataclass(frozen=True)
class Revision:
    """One state of all settings.

    changes: [{page, key, title, old, new}]; time: seconds since the epoch; digests: {daemon: SHA-256 of its files}.
    """

    number: int
    state: str
    time: float
    who: str
    where: str
    note: str
    changes: list[dict[str, Any]] = field(default_factory=list)
    settings: AllValues = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


class SettingsStore:
    """The table of revisions."""

    def __init__(self, file: Path = paths.DB / "settings.sqlite") -> None:
        self.database: SqliteDatabase = open_database(file, [RevisionRow], SCHEMA, steps=STEPS)

    def begin(
        self, *, time: float, who: str, where: str, note: str, changes: list[dict[str, Any]], settings: AllValues
    ) -> int:
        """Write a revision in the state `applying`; its number is returned. Raises Unavailable (disk)."""
        with writing(self.database, "The settings"):
            row = RevisionRow.create(
                state=APPLYING, time=time, who=who, where=where, note=note, changes=changes, settings=settings
            )
        return int(row.number)

    def finish(self, number: int, state: str, digests: dict[str, str] | None = None) -> None:
        """Close a revision as `applied` or `failed`. Raises Unavailable (disk)."""
        with writing(self.database, "The settings"):
            RevisionRow.update(state=state, digests=digests or {}).where(RevisionRow.number == number).execute()

    def current(self) -> Revision | None:
        """The newest applied revision."""
        row = self._applied().order_by(RevisionRow.number.desc()).first()
        return _revision(row) if row else None

    def get(self, number: int) -> Revision | None:
        """One revision, in whatever state."""
        row = RevisionRow.get_or_none(RevisionRow.number == number)
        return _revision(row) if row else None

    def unfinished(self) -> list[Revision]:
        """Revisions that a power cut left in the state `applying`, oldest first."""
        rows = RevisionRow.select().where(RevisionRow.state == APPLYING).order_by(RevisionRow.number)
        return [_revision(row) for row in rows]

    def since(self, number: int) -> Iterator[Revision]:
        """Applied revisions newer than `number`, oldest first."""
        for row in self._applied().where(RevisionRow.number > number).order_by(RevisionRow.number):
            yield _revision(row)

    def history(self, page: str | None, offset: int, limit: int) -> tuple[int, list[Revision]]:
        """(how many, the asked slice) of applied revisions, newest first; with `page`, those that changed it."""
        rows = self._applied().order_by(RevisionRow.number.desc())
        if page is not None:
            rows = rows.where(SQL("EXISTS (SELECT 1 FROM json_each(changes) WHERE value ->> 'page' = ?)", [page]))
        return rows.count(), [_revision(row) for row in rows.offset(offset).limit(limit)]

    def _applied(self) -> Any:
        return RevisionRow.select().where(RevisionRow.state == APPLIED)


def _revision(row: RevisionRow) -> Revision:
    return Revision(
        row.number, row.state, row.time, row.who, row.where, row.note, row.changes, row.settings, row.digests
    )
