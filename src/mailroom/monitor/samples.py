"""What the machine did in the last hour: a sample every 2 s for five minutes, every 30 s for an hour.

One takes 0.15 ms of processor time; all that are kept take 100 KB (tests/unit/monitor/test_samples.py).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from mailroom.core import paths
from mailroom.core.clock import Clock, SystemClock
from mailroom.monitor import machine, queue, volumes

EVERY_S = 2.0
FINE_KEPT = 150
COARSE_EVERY_S = 30
COARSE_KEPT = 120
# Counting the queue may take this share of the time: a queue of 100,000 messages is counted less often.
QUEUE_SHARE = 0.02


class Sample(NamedTuple):
    """At `time` (seconds since the epoch). disk_used_mb, disk_total_mb: of the volume with the mail."""

    time: float
    cpu_percent: float
    memory_used_mb: int
    rx_bytes_s: int
    tx_bytes_s: int
    disk_used_mb: int | None
    disk_total_mb: int | None
    disk_read_bytes_s: int | None
    disk_write_bytes_s: int | None
    queue: int


class Sampler:
    """Takes samples; each tells what happened since the one before, the first since this was made."""

    def __init__(
        self,
        proc: Path = machine.PROC,
        mail: Path = paths.MAIL,
        count: Callable[[], int] = queue.length,
        clock: Clock | None = None,
    ) -> None:
        self.proc, self.mail, self.count, self.clock = proc, mail, count, clock or SystemClock()
        self.before = machine.counters(proc, self.clock.elapsed())
        self.queue, self.count_again = 0, 0.0

    def take(self) -> Sample:
        """A sample now. Raises OSError, ValueError when /proc does not tell."""
        now = machine.counters(self.proc, self.clock.elapsed())
        rates, self.before = machine.rates(self.before, now), now
        try:
            room = volumes.space(self.mail)
        except OSError:
            room = {}
        return Sample(
            round(self.clock.now(), 1),
            rates.cpu_percent,
            machine.memory(self.proc)["used_mb"],
            rates.rx_bytes_s,
            rates.tx_bytes_s,
            room.get("used_mb"),
            room.get("total_mb"),
            rates.disk_read_bytes_s,
            rates.disk_write_bytes_s,
            self._waiting(),
        )

    def _waiting(self) -> int:
        started = self.clock.elapsed()
        if started >= self.count_again:
            self.queue = self.count()
            ended = self.clock.elapsed()
            self.count_again = ended + (ended - started) / QUEUE_SHARE
        return self.queue


class History:
    """Both rings."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.fine: deque[Sample] = deque(maxlen=FINE_KEPT)
        self.coarse: deque[Sample] = deque(maxlen=COARSE_KEPT)
        self.gathered: list[Sample] = []

    def add(self, sample: Sample) -> None:
        """Keep one; a half minute that is over becomes one sample, its average."""
        with self.lock:
            self.fine.append(sample)
            if self.gathered and _turn(self.gathered[0]) != _turn(sample):
                self.coarse.append(average(self.gathered))
                self.gathered = []
            self.gathered.append(sample)

    def newest(self) -> Sample | None:
        """The last one."""
        with self.lock:
            return self.fine[-1] if self.fine else None

    def as_dict(self) -> dict[str, Any]:
        """{columns, fine: {every_s, rows}, coarse: {every_s, rows}}, oldest first; rows in the order of the columns."""
        with self.lock:
            fine, coarse = list(self.fine), [*self.coarse, average(self.gathered)] if self.gathered else []
        return {
            "columns": Sample._fields,
            "fine": {"every_s": EVERY_S, "rows": fine},
            "coarse": {"every_s": COARSE_EVERY_S, "rows": coarse},
        }


def _turn(sample: Sample) -> int:
    return int(sample.time // COARSE_EVERY_S)


def average(samples: Iterable[Sample]) -> Sample:
    """The average of each column; the time is the last one's. What is unknown throughout stays unknown."""
    taken = list(samples)
    means = [_mean(column) for column in list(zip(*taken, strict=True))[1:]]
    return Sample(taken[-1].time, *means)  # type: ignore[arg-type]


def _mean(column: Iterable[float | None]) -> float | None:
    known = [value for value in column if value is not None]
    return round(sum(known) / len(known), 1) if known else None
