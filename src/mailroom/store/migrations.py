"""From an older schema to today's: numbered steps, all of them or none, run when a database is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from peewee import Model, SqliteDatabase

from mailroom.core.problems import Problem

# {number of the schema that a step leads to: the step}
Steps = Mapping[int, Callable[[SqliteDatabase], None]]
NO_STEPS: Steps = MappingProxyType({})


def bring_up_to_date(database: SqliteDatabase, models: Sequence[type[Model]], version: int, steps: Steps) -> None:
    """Make the tables in an empty database; in an older one, run each step up to `version` in one transaction.

    Raises Problem when the database is newer than `version`; then it is left as it was.
    """
    if database.pragma("user_version") == version:
        return
    # IMMEDIATE: several processes open the same file at start; the second waits and finds the work done.
    with database.atomic("IMMEDIATE"):
        found = database.pragma("user_version")
        if found > version:
            raise _newer(database, found, version)
        if found == 0:
            database.create_tables(list(models))
        else:
            for number in range(found + 1, version + 1):
                steps[number](database)
        database.pragma("user_version", version)


def _newer(database: SqliteDatabase, found: int, version: int) -> Problem:
    return Problem(
        f"{database.database} was written by a newer version of Mailroom (schema {found}, this one knows {version}).",
        code="newer_data",
        next="Install the newer version again.",
    )
