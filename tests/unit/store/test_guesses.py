"""Guesses counted exactly, also by several processes at once, and forgotten at midnight (row PO10)."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from mailroom.store.guesses import GuessStore

DAY, NEXT = "2026-11-24", "2026-11-25"
ADDRESS = "192.0.2.7"


@pytest.fixture
def store(tmp_path: Path) -> GuessStore:
    return GuessStore(tmp_path / "guesses.sqlite")


def tried(store: GuessStore, numbers: range, limit: int = 3, day: str = DAY) -> list[bool]:
    return [store.add(day, ADDRESS, f"nobody{number}@example.com", limit, 1.0) for number in numbers]


def test_at_the_limit_nobody_is_blocked_and_above_it_once(store: GuessStore) -> None:
    assert tried(store, range(3)) == [False] * 3 and not store.is_blocked(DAY, ADDRESS)
    assert tried(store, range(3, 6)) == [True, False, False] and store.is_blocked(DAY, ADDRESS)
    assert store.blocked(DAY) == [{"address": ADDRESS, "accounts": 4, "time": 1.0}]


def test_the_same_account_counts_once(store: GuessStore) -> None:
    assert [store.add(DAY, ADDRESS, "nobody@example.com", 3, 1.0) for _ in range(50)] == [False] * 50


def test_addresses_are_counted_apart(store: GuessStore) -> None:
    tried(store, range(3))
    assert not store.add(DAY, "192.0.2.8", "nobody9@example.com", 3, 1.0)


def test_the_next_day_all_is_forgotten(store: GuessStore) -> None:
    tried(store, range(9))
    assert not store.is_blocked(NEXT, ADDRESS) and store.blocked(NEXT) == []
    assert tried(store, range(3), day=NEXT) == [False] * 3
    assert not store.is_blocked(DAY, ADDRESS)


def test_who_is_let_in_again_starts_afresh(store: GuessStore) -> None:
    tried(store, range(9))
    assert store.lift(ADDRESS) and not store.lift(ADDRESS)
    assert tried(store, range(3)) == [False] * 3 and tried(store, range(3, 4)) == [True]


def test_it_outlives_the_process(store: GuessStore, tmp_path: Path) -> None:
    tried(store, range(9))
    store.database.close()
    assert GuessStore(tmp_path / "guesses.sqlite").is_blocked(DAY, ADDRESS)


def _count(file: str, begin: int, many: int, limit: int, answers: multiprocessing.Queue[int]) -> None:
    answers.put(sum(tried(GuessStore(Path(file)), range(begin, begin + many), limit)))


def test_processes_that_count_at_once_lose_nothing(tmp_path: Path) -> None:
    """Four filter processes, 25 accounts each: one hundred is not above the limit, one more is."""
    file, context = tmp_path / "guesses.sqlite", multiprocessing.get_context("spawn")
    GuessStore(file).database.close()
    answers = context.Queue()
    processes = [context.Process(target=_count, args=(str(file), number * 25, 25, 100, answers)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [answers.get(timeout=5) for _ in processes] == [0] * 4
    store = GuessStore(file)
    assert not store.is_blocked(DAY, ADDRESS)
    assert tried(store, range(100, 102), 100) == [True, False]
