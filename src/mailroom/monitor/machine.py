"""Processor, memory and network of the machine, from /proc (proc(5))."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")


@dataclass
class Sample:
    """Counters at one moment. busy and total are processor ticks; rx and tx are bytes."""

    when: float
    busy: int
    total: int
    rx: int
    tx: int


def sample(proc: Path = PROC) -> Sample:
    """The counters now."""
    ticks = [int(text) for text in (proc / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    rx = tx = 0
    for line in (proc / "net" / "dev").read_text().splitlines()[2:]:
        name, _, counters = line.partition(":")
        if name.strip() != "lo":
            numbers = counters.split()
            rx, tx = rx + int(numbers[0]), tx + int(numbers[8])
    return Sample(time.monotonic(), sum(ticks) - idle, sum(ticks), rx, tx)


@dataclass
class Machine:
    """Rates since the last look; the first look gives averages since start-up of the machine."""

    before: Sample = field(default_factory=lambda: Sample(0.0, 0, 0, 0, 0))

    def look(self) -> dict[str, object]:
        """{cpu_percent, memory: {used_mb, total_mb}, network: {rx_bytes_s, tx_bytes_s}}."""
        now, then = sample(), self.before
        self.before = now
        seconds = max(now.when - then.when, 0.001)
        return {
            "cpu_percent": round(100 * (now.busy - then.busy) / max(now.total - then.total, 1), 1),
            "memory": memory(),
            "network": {
                "rx_bytes_s": round((now.rx - then.rx) / seconds),
                "tx_bytes_s": round((now.tx - then.tx) / seconds),
            },
        }


def memory(proc: Path = PROC) -> dict[str, int]:
    """Megabytes used and in all (MemAvailable, as free(1) counts)."""
    known = {}
    for line in (proc / "meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        known[name] = int(rest.split()[0]) // 1024
    return {"used_mb": known["MemTotal"] - known["MemAvailable"], "total_mb": known["MemTotal"]}
