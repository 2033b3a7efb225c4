"""The journal's days: written, searched from the newest, counted; a disk that refuses is an OSError."""

from __future__ import annotations

import errno
import resource
from pathlib import Path
from typing import Any

import pytest

from mailroom.store.journal import OPEN_DAYS_MAX, JournalStore

DAY = 86400.0
NOON = 20_000 * DAY + DAY / 2


def record(number: int, when: float, **other: Any) -> dict[str, Any]:
    return {
        "id": f"ID{number:04}",
        "time": when,
        "client": "192.0.2.1",
        "login": "",
        "sender": f"from{number}@out.example",
        "recipients": [{"address": f"to{number}@example.com", "refusal": ""}],
        "size": 10,
        "queue_id": f"Q{number}",
        "verdict": "deliver",
        "checks": [],
        **other,
    }


def test_days_are_searched_from_the_newest_and_pages_join_without_a_gap(tmp_path: Path) -> None:
    store = JournalStore(tmp_path)
    for number in range(12):
        store.add(record(number, NOON + number * DAY / 4))
    assert len(list(tmp_path.glob("journal-*.sqlite"))) == 4
    wanted = [f"ID{number:04}" for number in reversed(range(12))]
    for size in (1, 3, 5, 50):
        pages = [store.find("", offset, size) for offset in range(0, 12, size)]
        assert {total for total, _ in pages} == {12}
        assert [one["id"] for _, page in pages for one in page] == wanted
    assert [one["id"] for one in store.find("to7@", 0, 10)[1]] == ["ID0007"]
    assert [one["recipients"] for one in store.find("from7@", 0, 10)[1]] == [["to7@example.com"]]


def test_one_is_found_by_its_id_or_queue_id_also_by_another_process(tmp_path: Path) -> None:
    JournalStore(tmp_path).add(record(1, NOON, checks=[{"check": "clamav"}]))
    other = JournalStore(tmp_path)
    assert other.get("ID0001") == other.get("Q1") != None  # noqa: E711 (a record, twice the same)
    assert other.get("Q1")["checks"] == [{"check": "clamav"}]  # type: ignore[index]
    assert other.get("Q2") is None


def test_counting_looks_at_columns_and_at_the_time(tmp_path: Path) -> None:
    store = JournalStore(tmp_path)
    for number, verdict in enumerate(["deliver", "spam", "reject", "deliver"]):
        store.add(record(number, NOON + number * DAY, verdict=verdict, login="alice" if number == 3 else ""))
    assert store.count(0.0) == 4
    assert store.count(NOON + DAY, verdict=["deliver", "spam"]) == 2
    assert store.count(0.0, verdict=["deliver", "spam"], login="") == 2
    assert [one["id"] for one in store.newest(9, verdict=["deliver", "spam"], login="")] == ["ID0001", "ID0000"]
    assert [one["id"] for one in store.newest(2)] == ["ID0003", "ID0002"]


def test_the_mark_grows_with_each_record_also_over_midnight(tmp_path: Path) -> None:
    store, looking = JournalStore(tmp_path), JournalStore(tmp_path)
    marks = [looking.mark()]
    evening = NOON + DAY / 2 - 1
    for number, when in enumerate((NOON - DAY, NOON, evening, evening + 2, evening, NOON + 30 * DAY)):
        store.add(record(number, when))
        marks.append(looking.mark())
    assert marks[0] == 0 and marks == sorted(set(marks)) and marks[-1] < 2**53
    assert looking.mark() == marks[-1]


def test_many_days_do_not_hold_many_files_open(tmp_path: Path) -> None:
    store = JournalStore(tmp_path)
    for number in range(OPEN_DAYS_MAX * 3):
        store.add(record(number, NOON + number * DAY))
    assert store.find("", 0, 100)[0] == OPEN_DAYS_MAX * 3
    assert len(store.days) <= OPEN_DAYS_MAX


def test_a_disk_that_refuses_is_an_os_error_and_later_records_are_written(tmp_path: Path) -> None:
    store = JournalStore(tmp_path)
    store.add(record(1, NOON))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(OSError) as refused:
            for number in range(2, 50):
                store.add(record(number, NOON))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.value.errno in (errno.ENOSPC, errno.EIO, errno.EFBIG)
    store.add(record(99, NOON))
    assert store.get("ID0099")


def test_a_day_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    """Also when it is no file of the journal's: a link that leads to nothing."""
    store = JournalStore(tmp_path)
    store.add(record(1, NOON))
    mark = store.mark()
    (tmp_path / "journal-2020-01-01.sqlite").write_bytes(b"no table" * 1000)
    (tmp_path / "journal-2020-01-02.sqlite").mkdir()
    (tmp_path / "journal-today.sqlite").write_bytes(b"")
    again = JournalStore(tmp_path)
    assert [row["id"] for row in again.find("", 0, 10)[1]] == ["ID0001"]
    assert again.mark() == mark and again.count(0.0) == 1
