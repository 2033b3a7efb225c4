"""Samples and their rings: five minutes finely, an hour coarsely (row SL01)."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path
from typing import Any

from mailroom.monitor.samples import COARSE_KEPT, FINE_KEPT, History, Sample, Sampler

START = 1_800_000_000.0


class Hands:
    """A clock that the test moves. Each count of the queue takes `count_s`."""

    def __init__(self) -> None:
        self.at, self.count_s, self.counted = 0.0, 0.0, 0

    def now(self) -> float:
        return START + self.at

    def elapsed(self) -> float:
        return self.at

    def count(self) -> int:
        self.counted += 1
        self.at += self.count_s
        return self.counted


def sample(at: float, **known: Any) -> Sample:
    plain = {"cpu_percent": 0.0, "memory_used_mb": 0, "rx_bytes_s": 0, "tx_bytes_s": 0, "disk_used_mb": 1}
    more = {"disk_total_mb": 2, "disk_read_bytes_s": None, "disk_write_bytes_s": None, "queue": 0}
    return Sample(START + at, **{**plain, **more, **known})


def filled(seconds: int) -> History:
    """One sample every two seconds."""
    history = History()
    for at in range(0, seconds, 2):
        history.add(sample(at, cpu_percent=float(at % 30)))
    return history


def sampler(folder: Path, hands: Hands) -> Sampler:
    (folder / "net").mkdir()
    (folder / "stat").write_text("cpu 1 0 0 9 0 0 0 0 0 0\n")
    (folder / "net/dev").write_text("one\ntwo\n  eth0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n")
    (folder / "meminfo").write_text("MemTotal: 2048 kB\nMemAvailable: 1024 kB\n")
    return Sampler(folder, folder, hands.count, hands)


def test_a_new_history_is_empty() -> None:
    told = History().as_dict()
    assert told["columns"][0] == "time" and told["fine"]["rows"] == [] and told["coarse"]["rows"] == []


def test_half_minutes_become_their_average() -> None:
    told = filled(60).as_dict()
    assert [row.cpu_percent for row in told["coarse"]["rows"]] == [14.0, 14.0]
    assert [row.time for row in told["coarse"]["rows"]] == [START + 28, START + 58]


def test_the_half_minute_under_way_is_told_too() -> None:
    assert [row.time for row in filled(36).as_dict()["coarse"]["rows"]] == [START + 28, START + 34]


def test_what_is_unknown_stays_unknown_and_takes_no_part() -> None:
    history = History()
    for at, read in ((0, None), (2, 100), (4, 300)):
        history.add(sample(at, disk_read_bytes_s=read))
    (row,) = history.as_dict()["coarse"]["rows"]
    assert (row.disk_read_bytes_s, row.disk_write_bytes_s) == (200, None)


def test_the_rings_end_and_are_small() -> None:
    filled(60)
    gc.collect()
    tracemalloc.start()
    history = filled(2 * 3600)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    told = history.as_dict()
    assert len(told["fine"]["rows"]) == FINE_KEPT and len(told["coarse"]["rows"]) == COARSE_KEPT + 1
    assert size < 150_000


def test_an_endless_queue_is_counted_less_often(tmp_path: Path) -> None:
    hands = Hands()
    taken = sampler(tmp_path, hands)
    taken.take()
    hands.at += 2
    assert taken.take().queue == 2
    hands.count_s = 1.0
    hands.at += 2
    taken.take()
    for _ in range(20):
        hands.at += 2
        assert taken.take().queue == 3
    hands.at += 20
    assert taken.take().queue == 4


def test_a_sample_tells_the_room_of_the_mail(tmp_path: Path) -> None:
    hands = Hands()
    found = sampler(tmp_path, hands).take()
    assert found.time == START and found.memory_used_mb == 1
    assert found.disk_total_mb is not None and found.disk_used_mb is not None
    assert 0 < found.disk_used_mb <= found.disk_total_mb


def test_a_mail_volume_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    made = sampler(tmp_path, Hands())
    made.mail = tmp_path / "gone"
    assert made.take().disk_total_mb is None
