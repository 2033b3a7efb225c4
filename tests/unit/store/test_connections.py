"""Connections end with the question that needed them: a day of questions must not fill the memory."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mailroom.store.database import close_here
from mailroom.store.events import EventStore


def test_a_threads_connections_are_closed_and_no_other_ones(tmp_path: Path) -> None:
    store = EventStore(tmp_path / "events.sqlite")
    store.add("sync", "one")

    def question() -> tuple[int, bool]:
        found = len(store.newest())
        close_here()
        return found, store.database.is_closed()

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(question).result() == (1, True)
    assert not store.database.is_closed()
    assert store.newest()[0]["text"] == "one"


def test_many_questions_leave_no_files_open(tmp_path: Path) -> None:
    store = EventStore(tmp_path / "events.sqlite")

    def question() -> None:
        store.newest()
        close_here()

    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with ThreadPoolExecutor(1) as thread:
            thread.submit(question).result()
    # SQLite itself keeps one or two while another connection of the process has a lock on the file.
    assert len(os.listdir("/proc/self/fd")) < before + 5
