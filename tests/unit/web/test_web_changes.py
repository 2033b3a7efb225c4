"""The window's stream with a job process that pretends: what is told, and what is told once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mailroom.core.problems import Unavailable
from mailroom.web import asking
from mailroom.web import changes as changes_module
from mailroom.web.streams import Streams

END = {"kind": "daemon", "id": 99}
# (ids of all events of kind sync, the journal's mark) at each look; None: the job process does not answer.
Look = tuple[list[int], int] | None


class Job:
    """Goes one look on at each question; after the last it tells END."""

    def __init__(self, looks: list[Look]) -> None:
        self.looks, self.asked = looks, 0
        self.events: list[dict[str, Any]] = []
        self.mark = 0

    def __call__(self, operation: str, event: int | None = None, sampled: float = 0.0) -> Any:
        assert operation == "live"
        self.asked += 1
        self._go_on()
        fresh = [] if event is None else [one for one in self.events if one["id"] > event]
        newest = self.events[-1]["id"] if self.events else event or 0
        sample = {"time": float(self.asked // 2), "queue": 0}
        return {
            "event": newest,
            "events": fresh,
            "mark": self.mark,
            "daemons": 1,
            "sample": sample if sample["time"] > sampled else None,
        }

    def _go_on(self) -> None:
        if not self.looks:
            self.events = [*self.events, END]
            return
        look = self.looks.pop(0)
        if look is None:
            raise Unavailable("The job process does not answer.")
        self.events, self.mark = [{"kind": "sync", "id": number} for number in look[0]], look[1]


def told(looks: list[Look], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """All that the stream tells over these looks."""
    monkeypatch.setattr(asking, "job", Job(looks))
    monkeypatch.setattr(changes_module, "EVERY_S", 0.0)

    async def listen() -> list[dict[str, Any]]:
        found = []
        async with asyncio.timeout(10):
            async for name, facts in changes_module.changes({}):
                if facts == END:
                    break
                if name == "change":
                    found.append(facts)
        return found

    return asyncio.run(listen())


def test_what_was_there_before_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told([([1, 7], 20), ([1, 7], 20), ([1, 7], 20)], monkeypatch) == []


def test_events_and_new_messages_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Look] = [([7], 20), ([7], 23), ([7], 23), ([7, 8, 9], 24), ([7, 8, 9], 24)]
    assert told(looks, monkeypatch) == [
        {"kind": "message", "id": 23},
        {"kind": "sync", "id": 8},
        {"kind": "sync", "id": 9},
        {"kind": "message", "id": 24},
    ]


def test_what_happens_while_the_job_process_is_away_is_told_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Look] = [None, ([], 0), None, ([1], 5), None, ([1], 5)]
    assert told(looks, monkeypatch) == [{"kind": "sync", "id": 1}, {"kind": "message", "id": 5}]


def test_a_sample_comes_only_while_somebody_looks_and_all_share_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = Job([([], 0)] * 100_000)
    monkeypatch.setattr(asking, "job", job)
    monkeypatch.setattr(changes_module, "EVERY_S", 0.01)

    async def work() -> None:
        streams = Streams({"changes": changes_module.changes})
        server = await asyncio.start_unix_server(
            lambda reader, writer: streams.serve({"channel": "changes"}, reader, writer), tmp_path / "hub"
        )
        async with asyncio.timeout(30), server:
            assert job.asked == 0
            links = [await asyncio.open_unix_connection(tmp_path / "hub") for _ in range(3)]
            heard = [[await reader.readuntil(b"}\n\n") for _ in range(3)] for reader, _ in links]
            assert all(b"event: sample" in event for events in heard for event in events)
            (channel,) = streams.channels.values()
            for _, writer in links:
                writer.close()
            await asyncio.wait([channel.work])
            assert streams.channels == {}

    asyncio.run(work())
