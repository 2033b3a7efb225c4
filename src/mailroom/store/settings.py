"""The revisions of the settings: each Apply is one row that leads to everything; nothing is ever overwritten.

What is small stands in the row itself, packed; long lists are kept in pieces that revisions share (store/pieces.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peewee import SQL, AutoField, BlobField, FloatField, Model, SqliteDatabase, TextField, fn
from playhouse.sqlite_ext import JSONField

from mailroom.core import paths
from mailroom.core.settings import AllValues
from mailroom.store import pieces
from mailroom.store.database import open_database, writing
from mailroom.store.migrations import Steps

SCHEMA = 3
APPLYING, APPLIED, FAILED = "applying", "applied", "failed"


class RevisionRow(Model):
    number = AutoField()
    state = TextField(index=True)
    time = FloatField()
    who = TextField()
    where = TextField(column_name="place")
    note = TextField(default="")
    changes = BlobField()
    settings = BlobField()
    digests = JSONField(default=dict)
    # The pages that were changed, to search by.
    pages = JSONField(default=list)

    class Meta:
        table_name = "revisions"


def _add_digests(database: SqliteDatabase) -> None:
    database.execute_sql("ALTER TABLE revisions ADD COLUMN digests TEXT NOT NULL DEFAULT '{}'")  # type: ignore[no-untyped-call]


def _pack(database: SqliteDatabase) -> None:
    """Texts become packed, long lists become pieces. One revision at a time: all of them may be more than memory."""
    database.create_tables([pieces.PieceRow])
    execute: Any = database.execute_sql
    execute("ALTER TABLE revisions ADD COLUMN pages TEXT NOT NULL DEFAULT '[]'")
    for (number,) in execute("SELECT number FROM revisions").fetchall():
        changes, values = (
            json.loads(text)
            for text in execute("SELECT changes, settings FROM revisions WHERE number = ?", (number,)).fetchone()
        )
        RevisionRow.update(_stored(changes, values)).where(RevisionRow.number == number).execute()


STEPS: Steps = {2: _add_digests, 3: _pack}


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
        self.database: SqliteDatabase = open_database(file, [RevisionRow, pieces.PieceRow], SCHEMA, steps=STEPS)

    def begin(
        self, *, time: float, who: str, where: str, note: str, changes: list[dict[str, Any]], settings: AllValues
    ) -> int:
        """Write a revision in the state `applying`; its number is returned. Raises Unavailable (disk)."""
        with writing(self.database, "The settings"):
            row = RevisionRow.create(
                state=APPLYING, time=time, who=who, where=where, note=note, **_stored(changes, settings)
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
        """Applied revisions newer than `number`, oldest first, without their settings."""
        for row in self._applied().where(RevisionRow.number > number).order_by(RevisionRow.number):
            yield _revision(row, whole=False)

    def history(self, page: str | None, offset: int, limit: int) -> tuple[int, list[Revision]]:
        """(how many, the asked slice) of applied revisions, newest first, without their settings.

        page: only those that changed it, and the very first, so that its first change can be put back, too.
        """
        rows = self._applied().order_by(RevisionRow.number.desc())
        if page is not None:
            first = self._applied().select(fn.MIN(RevisionRow.number))
            changed = SQL("EXISTS (SELECT 1 FROM json_each(pages) WHERE value = ?)", [page])
            rows = rows.where(changed | (RevisionRow.number == first))
        return rows.count(), [_revision(row, whole=False) for row in rows.offset(offset).limit(limit)]

    def _applied(self) -> Any:
        return RevisionRow.select().where(RevisionRow.state == APPLIED)


def _stored(changes: list[dict[str, Any]], settings: AllValues) -> dict[str, Any]:
    """The columns of a revision's row that hold more than a word. To be called in a transaction."""
    values: dict[str, dict[str, Any]] = {}
    lists: dict[str, dict[str, str]] = {}
    for page, keys in settings.items():
        values[page] = {}
        for key, value in keys.items():
            if isinstance(value, list) and len(value) > pieces.WHOLE_MAX:
                lists.setdefault(page, {})[key] = pieces.put(value)
            else:
                values[page][key] = value
    return {
        "changes": pieces.packed(changes),
        "settings": pieces.packed({"values": values, "lists": lists}),
        "pages": sorted({change["page"] for change in changes}),
    }


def _settings(row: RevisionRow) -> AllValues:
    stored = pieces.unpacked(row.settings)
    values: AllValues = stored["values"]
    lists = pieces.get(name for keys in stored["lists"].values() for name in keys.values())
    for page, keys in stored["lists"].items():
        values[page].update({key: lists[name] for key, name in keys.items()})
    return values


def _revision(row: RevisionRow, *, whole: bool = True) -> Revision:
    settings = _settings(row) if whole else {}
    changes = pieces.unpacked(row.changes)
    return Revision(row.number, row.state, row.time, row.who, row.where, row.note, changes, settings, row.digests)
