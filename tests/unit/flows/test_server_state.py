"""What the job process tells of the server (rows SL01 to SL03): events of ends, today's counts, what is new."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest

from mailroom.flows import server_list
from mailroom.flows.server_list import ServerList
from mailroom.store.events import EventStore


class House:
    """A server list whose day has counts and a mark that the test sets."""

    def __init__(self, folder: Path) -> None:
        self.marked, self.counted = 0, 0
        self.events = EventStore(folder / "events.sqlite")
        settings = {"security.spam": {"enabled": False}, "security.antivirus": {"enabled": True}}
        self.list = ServerList(
            self.events, lambda: settings, self.today, lambda: self.marked, lambda: {"limited": False}
        )

    def today(self) -> dict[str, int]:
        self.counted += 1
        return {"received": self.marked, "sent": 0, "blocked": 0}

    def texts(self) -> list[str]:
        return [one["text"] for one in self.events.newest()]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def ended(name: str, when: float, **how: Any) -> dict[str, Any]:
    return {"id": name, "ended": {"time": when, "exit_code": None, "signal": "SIGKILL", **how}}


def test_an_end_is_written_down_once(house: House) -> None:
    now = time.time()
    house.list.tell_ends([ended("spamd", now - 300)])
    for _ in range(2):
        house.list.tell_ends([ended("spamd", now), ended("postfix", now, signal=None, exit_code=75)])
    assert sorted(house.texts()) == [
        "SMTP ended by itself (exit code 75) and is started again.",
        "Spam engine was killed, by somebody or because memory ran out, and is started again.",
    ]


def test_the_end_of_the_job_process_itself_is_told_by_the_next_one(house: House) -> None:
    house.list.tell_ends([ended("job", time.time() - 2), ended("spamd", time.time() - 2)])
    assert house.texts() == [
        "Settings and accounts was killed, by somebody or because memory ran out, and is started again."
    ]


def test_counts_are_of_now_however_long_nobody_has_asked(house: House) -> None:
    """What was counted when somebody last asked is old; the first one to ask again is told what is."""
    house.marked = 1
    assert house.list._counts()["received"] == 1
    house.marked = 40
    house.list.counted_until = 0.0
    assert house.list._counts()["received"] == 40


def test_yesterdays_counts_are_not_todays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.marked = 1
    house.list._counts()
    house.list.counted_until = math.inf
    monkeypatch.setattr(server_list, "_day", lambda: 400)
    house.list._counts()
    assert house.counted == 2


def test_a_busy_day_is_counted_no_more_often_than_it_takes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(server_list.time, "monotonic", lambda: clock[0])
    counting = house.list.today

    def slowly() -> dict[str, int]:
        clock[0] += 0.1
        return counting()

    house.list.today = slowly
    for house.marked in range(1, 41):
        house.list._counts()
        clock[0] += 0.5
    assert house.counted <= 12
    # ... and nothing is counted twice.
    counted = house.counted
    clock[0] += 60
    house.list._counts()
    clock[0] += 60
    house.list._counts()
    assert house.counted == counted + 1


def test_what_is_new_is_told_from_a_place_on(house: House) -> None:
    house.events.add("sync", "one")
    first = house.list.live()
    assert first["events"] == [] and first["sample"] is None
    house.events.add("daemon", "two")
    house.marked = 5
    told = house.list.live(event=first["event"])
    assert [one["kind"] for one in told["events"]] == ["daemon"] and told["mark"] == 5
    assert house.list.live(event=told["event"])["events"] == []


def test_the_filter_is_on_also_for_the_antivirus_engine_alone(house: House) -> None:
    shown = house.list._with_notes([{"id": "filter"}, {"id": "postfix"}])
    assert "antivirus engine needs it" in shown[0]["note"] and shown[1]["note"] == ""
