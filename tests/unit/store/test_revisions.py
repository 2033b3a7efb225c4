"""The revisions as they are stored: long lists cost once, what was stored before is brought along, nothing is lost."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.core import settings as declared
from mailroom.core.problems import Problem
from mailroom.store import pieces
from mailroom.store.settings import APPLIED, Revision, SettingsStore

LISTS, ALIAS, GENERAL = "mail_delivery.lists", "mail_delivery.alias", "mail_delivery.general"
RULES, ALIASES, APPLIES = 10_000, 5_000, 30
# What one Apply that changes one rule may add to the database, on average.
BYTES_MAX = 16_000


def rule(turn: int) -> dict[str, Any]:
    return {
        "id": f"{turn * 2_654_435_761 % 2**32:08x}",
        "name": f"Rule {turn}",
        "enabled": True,
        "type": "sender",
        "criteria": f"*@spam-{turn}.example",
        "action": "reject",
    }


def alias(turn: int) -> dict[str, Any]:
    return {
        "id": f"{turn * 40_503 % 2**32:08x}",
        "name": f"team{turn}",
        "members": ["user:anna", f"alias:team{turn + 1}"],
    }


def big() -> declared.AllValues:
    values = declared.defaults()
    values[LISTS]["blacklist"] = [rule(turn) for turn in range(RULES)]
    values[ALIAS]["aliases"] = [alias(turn) for turn in range(ALIASES)]
    return values


def add(store: SettingsStore, values: declared.AllValues, changes: list[dict[str, Any]] | None = None) -> int:
    number = store.begin(time=1.0, who="anna", where="", note="", changes=changes or [], settings=values)
    store.finish(number, APPLIED)
    return number


def got(store: SettingsStore, number: int) -> Revision:
    found = store.get(number)
    assert found is not None
    return found


def used(file: Path) -> int:
    """Bytes of the database, with what its log holds written into it."""
    with sqlite3.connect(file) as link:
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size


def test_a_small_apply_beside_big_lists_costs_little(tmp_path: Path) -> None:
    file = tmp_path / "settings.sqlite"
    store, values = SettingsStore(file), big()
    add(store, values)
    before = used(file)
    expected = {}
    for turn in range(APPLIES):
        rules = values[LISTS]["blacklist"]
        place = turn * 97
        match turn % 3:
            case 0:
                rules = [*rules[:place], {**rules[place], "name": f"Changed {turn}"}, *rules[place + 1 :]]
            case 1:
                rules = [*rules[:place], *rules[place + 1 :]]
            case _:
                rules = [*rules[:place], rule(RULES + turn), *rules[place:]]
        values = {**values, LISTS: {**values[LISTS], "blacklist": rules}}
        expected[add(store, values)] = rules
    assert (used(file) - before) / APPLIES < BYTES_MAX
    whole = len(json.dumps(values))
    assert whole > 60 * BYTES_MAX, "stored as a whole, each would cost megabytes"
    assert all(got(store, number).settings[LISTS]["blacklist"] == rules for number, rules in expected.items())
    assert got(store, 1).settings == big()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> SettingsStore:
    return SettingsStore(tmp_path_factory.mktemp("lists") / "settings.sqlite")


@given(items=st.lists(st.one_of(st.text(max_size=5), st.integers(), st.dictionaries(st.just("id"), st.text()))))
def test_any_list_comes_back_as_it_was(opened: SettingsStore, items: list[Any]) -> None:
    with opened.database.bind_ctx([pieces.PieceRow]):
        name = pieces.put(items)
        assert pieces.get([name]) == {name: items} and pieces.put(items) == name


def test_the_history_of_a_page_is_found_by_what_was_changed(tmp_path: Path) -> None:
    store, values = SettingsStore(tmp_path / "settings.sqlite"), declared.defaults()
    first = add(store, values)
    changed = {"page": GENERAL, "key": "max_hops", "title": "", "old": 50, "new": 20}
    second = add(store, values, [changed])
    add(store, values, [{**changed, "page": LISTS}])
    total, found = store.history(GENERAL, 0, 10)
    assert (total, [one.number for one in found], found[0].changes) == (2, [second, first], [changed])
    assert store.history(None, 0, 10)[0] == 3
    assert [one.number for one in store.since(1)] == [2, 3]


def old_database(file: Path, version: int, values: declared.AllValues, changes: list[dict[str, Any]]) -> None:
    """Settings as the first versions stored them: everything as text, all of it in each revision."""
    digests = ", digests TEXT NOT NULL DEFAULT '{}'" if version == 2 else ""
    with sqlite3.connect(file) as link:
        link.execute(
            "CREATE TABLE revisions (number INTEGER NOT NULL PRIMARY KEY, state TEXT NOT NULL, time REAL NOT NULL, "
            "who TEXT NOT NULL, place TEXT NOT NULL, note TEXT NOT NULL, "
            f"changes JSON NOT NULL, settings JSON NOT NULL{digests})"
        )
        link.execute("CREATE INDEX revisionrow_state ON revisions (state)")
        for number in range(1, 4):
            row = (number, APPLIED, float(number), "anna", "192.0.2.1", f"Note {number}")
            link.execute(
                "INSERT INTO revisions (number, state, time, who, place, note, changes, settings) "
                "VALUES (?,?,?,?,?,?,?,?)",
                (*row, json.dumps(changes), json.dumps({**values, "gone.page": {"old": number}})),
            )
        link.execute(f"PRAGMA user_version = {version}")


@pytest.mark.parametrize("version", [1, 2])
def test_what_was_stored_before_is_brought_along(tmp_path: Path, version: int) -> None:
    file, values = tmp_path / "settings.sqlite", big()
    changes = [{"page": GENERAL, "key": "max_hops", "title": "Max message hops", "old": 50, "new": 20}]
    old_database(file, version, values, changes)
    store = SettingsStore(file)
    for number in range(1, 4):
        found = got(store, number)
        assert found.settings == {**values, "gone.page": {"old": number}} and found.changes == changes
        assert (found.who, found.where, found.note, found.time) == (
            "anna",
            "192.0.2.1",
            f"Note {number}",
            float(number),
        )
    assert store.history(GENERAL, 0, 10)[0] == 3 and add(store, values) == 4
    store.database.close()
    assert got(SettingsStore(file), 4).settings == values, "opened again, it is as it was"


def test_a_step_that_fails_leaves_everything(tmp_path: Path) -> None:
    file = tmp_path / "settings.sqlite"
    old_database(file, 2, declared.defaults(), [])
    with sqlite3.connect(file) as link:
        link.execute("UPDATE revisions SET settings = 'no JSON' WHERE number = 3")
        before = link.execute("SELECT * FROM revisions").fetchall()
    with pytest.raises(ValueError):
        SettingsStore(file)
    with sqlite3.connect(file) as link:
        assert link.execute("SELECT * FROM revisions").fetchall() == before
        assert link.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "settings.sqlite"
    with sqlite3.connect(file) as link:
        link.execute("PRAGMA user_version = 99")
    with pytest.raises(Problem, match="newer version"):
        SettingsStore(file)
