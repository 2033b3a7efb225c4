"""Results of the deliverability check: the last ones, as they were shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peewee import AutoField, FloatField, Model, SqliteDatabase
from playhouse.sqlite_ext import JSONField

from mailroom.core import paths
from mailroom.store.database import open_database, writing

SCHEMA = 1
KEPT = 60


class CheckRow(Model):
    id = AutoField()
    time = FloatField()
    result = JSONField()

    class Meta:
        table_name = "checks"


class CheckStore:
    """The table of results."""

    def __init__(self, file: Path = paths.DB / "checks.sqlite") -> None:
        self.database: SqliteDatabase = open_database(file, [CheckRow], SCHEMA, durable=False)

    def add(self, time: float, result: dict[str, Any]) -> None:
        """Keep a result, and forget the oldest beyond the limit. Raises Unavailable (disk)."""
        with writing(self.database, "The results of checks"):
            row = CheckRow.create(time=time, result=result)
            CheckRow.delete().where(CheckRow.id <= row.id - KEPT).execute()

    def newest(self, limit: int = 1) -> list[dict[str, Any]]:
        """The newest results, newest first."""
        return [row.result for row in CheckRow.select().order_by(CheckRow.id.desc()).limit(limit)]
