"""What each daemon takes of the memory, measured on this machine: now, and the most that was ever seen."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mailroom.core import paths, root_files
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.lines import lines

LOG = logging.getLogger("mailroom.costs")
FILE = paths.DB / "costs.json"
# The kernel walks through all memory of a process that is asked about: not at every look.
LOOKED_EVERY_S, IDLE_EVERY_S = 10.0, 300.0
LOOKED_FOR_S = 30.0
# What was seen is written down when it has grown by so much, so that a quiet NAS's disks may sleep.
GROWN = 1.05


@dataclass
class Cost:
    """memory_mb: its own share of the memory (PSS, proc(5)) with all its children, at the time `measured`."""

    memory_mb: float
    highest_mb: float
    measured: float


class Costs:
    """Of all daemons. What was seen is kept for good: the cost of one that is switched off is worth knowing, too."""

    def __init__(self, file: Path = FILE, proc: Path = Path("/proc"), clock: Clock | None = None) -> None:
        self.file, self.proc, self.clock = file, proc, clock or SystemClock()
        self.lock = threading.Lock()
        self.known: dict[str, Cost] = {}
        self.written: dict[str, float] = {}
        self.measured_pids: dict[str, int] = {}
        self.measured_at = self.wanted_until = float("-inf")
        with suppress(OSError, ValueError, TypeError):
            self.known = {name: Cost(**facts) for name, facts in json.loads(file.read_text()).items()}
            self.written = {name: cost.highest_mb for name, cost in self.known.items()}

    def of(self, name: str) -> dict[str, Any] | None:
        """{memory_mb, highest_mb, measured}; None while it has never run here. Asking makes it measured more often."""
        self.wanted_until = self.clock.elapsed() + LOOKED_FOR_S
        with self.lock:
            cost = self.known.get(name)
            return asdict(cost) if cost else None

    def look(self, pids: dict[str, int]) -> None:
        """Measure when it is time to: often while somebody looks, at once when a daemon is new, else seldom.

        pids: {id: its process} of the daemons that run now.
        """
        now = self.clock.elapsed()
        every_s = LOOKED_EVERY_S if now < self.wanted_until else IDLE_EVERY_S
        if now - self.measured_at >= every_s or pids != self.measured_pids:
            self.measure(pids)
            self.measured_at, self.measured_pids = now, pids

    def measure(self, pids: dict[str, int]) -> None:
        """Measure these now."""
        sizes = memory_mb(pids.values(), self.proc)
        when = self.clock.now()
        with self.lock:
            for name, pid in pids.items():
                if size := sizes.get(pid):
                    highest = max(size, self.known[name].highest_mb if name in self.known else 0.0)
                    self.known[name] = Cost(size, highest, when)
            grown = any(cost.highest_mb > GROWN * self.written.get(name, 0.0) for name, cost in self.known.items())
        if grown:
            self._write()

    def _write(self) -> None:
        known = json.dumps({name: asdict(cost) for name, cost in self.known.items()})
        try:
            root_files.write(self.file, known.encode(), mode=0o600)
        except OSError as reason:
            LOG.warning("costs are not kept: %s", reason)
        self.written = {name: cost.highest_mb for name, cost in self.known.items()}


def memory_mb(leaders: Iterable[int], proc: Path = Path("/proc")) -> dict[int, float]:
    """Megabytes of each of these session leaders' families: s6 starts each service in a session of its own."""
    wanted, sizes = set(leaders), dict[int, float]()
    for process in proc.iterdir():
        if not process.name.isdigit():
            continue
        try:
            session = int((process / "stat").read_text().rpartition(")")[2].split()[3])
            if session not in wanted:
                continue
            rollup = (process / "smaps_rollup").read_text()
        except OSError:
            continue
        pss = next((line.split()[1] for line in lines(rollup) if line.startswith("Pss:")), "0")
        sizes[session] = sizes.get(session, 0.0) + int(pss) / 1024
    return {leader: round(size, 1) for leader, size in sizes.items()}
