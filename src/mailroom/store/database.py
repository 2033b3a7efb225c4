"""Opening our SQLite files: write-ahead log, one owner, and a schema that knows its number."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from peewee import Model, SqliteDatabase

from mailroom.core import paths
from mailroom.core.problems import Problem

BUSY_WAIT_S = 10
MODE = 0o660


def open_database(file: Path, models: Sequence[type[Model]], version: int, *, durable: bool = True) -> SqliteDatabase:
    """The database at `file`, made when missing, bound to `models`.

    version: number of the newest schema this program knows (PRAGMA user_version). durable: fsync at each commit; without
    it a commit survives a killed process but not a power cut. Raises Problem when the file is newer than we are.
    """
    database = SqliteDatabase(
        file,
        pragmas={"journal_mode": "wal", "synchronous": "full" if durable else "normal", "foreign_keys": 1},
        timeout=BUSY_WAIT_S,
        check_same_thread=False,
    )
    found = database.pragma("user_version")
    if found > version:
        database.close()
        raise Problem(
            f"{file.name} was written by a newer version of Mailroom (schema {found}, this one knows {version}).",
            code="newer_data",
            next="Install the newer version again.",
        )
    database.bind(list(models))
    database.create_tables(list(models))
    database.pragma("user_version", version, permanent=False)
    _hand_over(file)
    return database


def _hand_over(file: Path) -> None:
    """Give a file made by root to our own user; SQLite then makes its -wal and -shm alike."""
    if os.geteuid() == 0 and file.parent == paths.DB:
        file.chmod(MODE)
        try:
            shutil.chown(file, "mailroom", "mailroom")
        except LookupError:
            return
