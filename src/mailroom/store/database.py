"""Opening our SQLite files: write-ahead log, one owner, and a schema that knows its number."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from peewee import Model, PeeweeException, SqliteDatabase

from mailroom.core.problems import Unavailable
from mailroom.store.migrations import NO_STEPS, Steps, bring_up_to_date

BUSY_WAIT_S = 10
MODE = 0o600
_open: WeakSet[SqliteDatabase] = WeakSet()


def open_database(
    file: Path, models: Sequence[type[Model]], version: int, *, durable: bool = True, steps: Steps = NO_STEPS
) -> SqliteDatabase:
    """The database at `file`, made when missing, brought up to date and bound to `models`.

    version: number of the newest schema this program knows (PRAGMA user_version). steps: how to come from an older one
    (see store/migrations.py). durable: fsync at each commit; without it a commit survives a killed process but not a
    power cut. Raises Problem when the file is newer than we are.
    """
    _make(file)
    database = SqliteDatabase(
        str(file),
        pragmas={
            "journal_mode": "wal",
            "synchronous": "full" if durable else "normal",
            "foreign_keys": 1,
            # Root reads what the filter writes: nothing in its tables may call more than harmless functions.
            "trusted_schema": 0,
        },
        timeout=BUSY_WAIT_S,
        check_same_thread=False,
    )
    _open.add(database)
    database.bind(list(models))
    bring_up_to_date(database, models, version, steps)
    return database


def _make(file: Path) -> None:
    """An empty file of whoever opens it first, before SQLite does: its -wal and -shm get the same owner and mode."""
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
    except FileExistsError:
        return
    try:
        # Whatever the umask is.
        os.fchmod(handle, MODE)
    finally:
        os.close(handle)


def close_here() -> None:
    """Close the connections that this thread has opened: else they stay, with their caches, long after its end."""
    for database in list(_open):
        if not database.is_closed():
            database.close()


@contextmanager
def writing(database: SqliteDatabase, what: str, kind: str = "DEFERRED") -> Iterator[None]:
    """One transaction. Raises Unavailable when the disk refuses it; `what` names the thing in that sentence."""
    try:
        with database.atomic(kind):
            yield
    except PeeweeException as reason:
        raise Unavailable(
            f"{what} cannot be written ({reason}).", code="disk", next="Look whether the volume is full."
        ) from reason
