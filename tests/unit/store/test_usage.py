"""The window of 24 hours, limits kept exactly by several processes, and what a killed filter leaves (DQ01-DQ05)."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from mailroom.store.usage import CLOCK_SLIP_S, PENDING_S, WINDOW_S, Limits, Usage, UsageStore

T0 = 1_790_000_000.0
FREE = Limits()


@pytest.fixture
def store(tmp_path: Path) -> UsageStore:
    return UsageStore(tmp_path / "usage.sqlite")


def sent(store: UsageStore, name: str, now: float, limits: Limits = FREE, bytes: int = 10, user: str = "anna") -> str:
    """One message that is accepted unless a limit is in its way; that limit."""
    taken = store.take(name, user, bytes, limits, now)
    if not taken.full:
        store.count(name)
    return taken.full


def test_the_window_begins_with_the_first_message_and_not_at_midnight(store: UsageStore) -> None:
    for number, moment in enumerate((0, 3600, WINDOW_S - 1)):
        sent(store, f"m{number}", T0 + moment)
    assert store.all(T0 + WINDOW_S - 0.5) == {"anna": Usage(3, 30, T0)}
    assert store.all(T0 + WINDOW_S) == {}
    sent(store, "later", T0 + WINDOW_S + 7200)
    assert store.all(T0 + WINDOW_S + 7200) == {"anna": Usage(1, 10, T0 + WINDOW_S + 7200)}


@pytest.mark.parametrize(
    ("limits", "many", "full"),
    [(Limits(messages=3), 3, "messages"), (Limits(bytes=45), 4, "bytes"), (Limits(messages=9, bytes=30), 3, "bytes")],
    ids=["number", "volume", "both"],
)
def test_up_to_the_limit_and_no_further(store: UsageStore, limits: Limits, many: int, full: str) -> None:
    assert [sent(store, f"m{number}", T0 + number, limits) for number in range(many)] == [""] * many
    refused = store.take("more", "anna", 10, limits, T0 + 100)
    assert refused.full == full and refused.usage == Usage(many, many * 10, T0) and refused.usage.until == T0 + WINDOW_S
    # What was refused counts nowhere, and the limit is another user's no less.
    assert store.all(T0 + 100)["anna"].messages == many
    assert sent(store, "bens", T0 + 100, limits, user="ben") == ""
    assert sent(store, "tomorrow", T0 + WINDOW_S, limits) == ""


def test_a_smaller_message_still_fits(store: UsageStore) -> None:
    limits = Limits(bytes=100)
    assert sent(store, "a", T0, limits, 60) == "" and sent(store, "b", T0, limits, 41) == "bytes"
    assert sent(store, "c", T0, limits, 40) == ""


def test_a_message_under_way_counts_until_it_is_given_back(store: UsageStore) -> None:
    limits = Limits(messages=1)
    assert store.take("a", "anna", 10, limits, T0).usage == Usage(1, 10, T0)
    assert store.all(T0) == {"anna": Usage(1, 10, T0)} and sent(store, "b", T0 + 1, limits) == "messages"
    store.give_back("a")
    assert store.all(T0 + 1) == {} and sent(store, "c", T0 + 2, limits) == ""


def test_what_a_killed_filter_has_left_lapses(store: UsageStore) -> None:
    limits = Limits(messages=1)
    store.take("lost", "anna", 10, limits, T0)
    assert sent(store, "b", T0 + PENDING_S - 1, limits) == "messages"
    assert store.all(T0 + PENDING_S) == {} and sent(store, "c", T0 + PENDING_S, limits) == ""


def test_of_two_at_once_the_earlier_begins_the_window(store: UsageStore) -> None:
    store.take("first", "anna", 10, FREE, T0)
    store.take("second", "anna", 10, FREE, T0 + 1)
    store.count("second")
    store.count("first")
    assert store.all(T0 + 2) == {"anna": Usage(2, 20, T0)}


def test_a_clock_that_was_set_back_makes_nobody_wait_for_years(store: UsageStore) -> None:
    limits = Limits(messages=1)
    sent(store, "in the future", T0 + 10 * WINDOW_S, limits)
    assert store.all(T0) == {} and sent(store, "now", T0, limits) == ""
    assert sent(store, "a slip", T0 - CLOCK_SLIP_S + 1, limits) == "messages"


def test_cleared_for_one_and_for_all(store: UsageStore) -> None:
    limits = Limits(messages=1)
    for user in ("anna", "ben", "chloe"):
        assert sent(store, user, T0, limits, user=user) == ""
    assert store.clear("anna") and not store.clear("anna")
    assert sent(store, "again", T0 + 5, limits) == "" and sent(store, "ben2", T0, limits, user="ben") == "messages"
    assert store.all(T0 + 5)["anna"].since == T0 + 5
    assert store.clear_all() == 3 and store.clear_all() == 0 and store.all(T0 + 5) == {}


def test_it_outlives_the_process(store: UsageStore, tmp_path: Path) -> None:
    sent(store, "a", T0)
    store.database.close()
    assert UsageStore(tmp_path / "usage.sqlite").all(T0) == {"anna": Usage(1, 10, T0)}


def _send(file: str, begin: int, many: int, limit: int, answers: multiprocessing.Queue[int]) -> None:
    store = UsageStore(Path(file))
    full = [sent(store, f"m{number}", T0, Limits(messages=limit)) for number in range(begin, begin + many)]
    answers.put(full.count(""))


def test_processes_that_send_at_once_get_exactly_the_limit(tmp_path: Path) -> None:
    """Four filter processes with 25 messages each of one user, of which 61 may go."""
    file, context = tmp_path / "usage.sqlite", multiprocessing.get_context("spawn")
    UsageStore(file).database.close()
    answers = context.Queue()
    processes = [context.Process(target=_send, args=(str(file), number * 25, 25, 61, answers)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert sum(answers.get(timeout=5) for _ in processes) == 61
    assert UsageStore(file).all(T0)["anna"].messages == 61
