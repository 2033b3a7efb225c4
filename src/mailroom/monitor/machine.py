"""Processor, memory, network and disks of the machine, from /proc (proc(5)).

All four are of the whole machine, not of Mailroom alone: they tell whether it has room left.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from mailroom.core.lines import lines

PROC = Path("/proc")
SECTOR_BYTES = 512  # in /proc/diskstats always, whatever the disk's own sectors are (iostats.rst of the kernel)
# Not wires to others, or such that count what a wire has counted already.
NO_WIRE = re.compile(r"lo\Z|bond|ovs|docker|veth|br[-\d]|virbr|tun|tap|wg|sit|dummy|vlan|ip6tnl|macvlan|ifb")
# Not disks, or such that lie on disks that are counted already.
NO_DISK = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|synoboot)\d*")


@dataclass(frozen=True)
class Counters:
    """At one moment. busy, total: processor ticks; the others bytes. read, written: None where no disk is told."""

    when: float
    busy: int
    total: int
    rx: int
    tx: int
    read: int | None
    written: int | None


@dataclass(frozen=True)
class Rates:
    """Between two moments."""

    cpu_percent: float
    rx_bytes_s: int
    tx_bytes_s: int
    disk_read_bytes_s: int | None
    disk_write_bytes_s: int | None


def counters(proc: Path = PROC, now: float | None = None) -> Counters:
    """The counters now. now: seconds on a clock that never goes back."""
    ticks = [int(text) for text in (proc / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    rx, tx = _network((proc / "net" / "dev").read_text())
    read, written = _disks(proc / "diskstats")
    return Counters(time.monotonic() if now is None else now, sum(ticks) - idle, sum(ticks), rx, tx, read, written)


def rates(then: Counters, now: Counters) -> Rates:
    """What happened between. A counter that went back (a disk or an interface is gone) counts as nothing."""
    seconds = max(now.when - then.when, 0.001)

    def each_second(before: int, after: int) -> int:
        return round(max(0, after - before) / seconds)

    def disk(before: int | None, after: int | None) -> int | None:
        return None if before is None or after is None else each_second(before, after)

    busy = 100 * max(0, now.busy - then.busy) / max(now.total - then.total, 1)
    return Rates(
        round(min(busy, 100.0), 1),
        each_second(then.rx, now.rx),
        each_second(then.tx, now.tx),
        disk(then.read, now.read),
        disk(then.written, now.written),
    )


def memory(proc: Path = PROC) -> dict[str, int]:
    """Megabytes used and in all (MemAvailable, as free(1) counts)."""
    known = {}
    for line in lines((proc / "meminfo").read_text()):
        name, _, rest = line.partition(":")
        known[name] = int(rest.split()[0]) // 1024
    return {"used_mb": known["MemTotal"] - known["MemAvailable"], "total_mb": known["MemTotal"]}


def _network(text: str) -> tuple[int, int]:
    """Bytes in and out over the wires; over everything but loopback where there is no wire."""
    counted: dict[str, tuple[int, int]] = {}
    for line in lines(text)[2:]:
        name, _, rest = line.partition(":")
        numbers = rest.split()
        counted[name.strip()] = int(numbers[0]), int(numbers[8])
    wires = [both for name, both in counted.items() if not NO_WIRE.match(name)]
    chosen = wires or [both for name, both in counted.items() if name != "lo"]
    return sum(rx for rx, _ in chosen), sum(tx for _, tx in chosen)


def _disks(file: Path) -> tuple[int | None, int | None]:
    """Bytes read and written by whole disks; partitions and what lies on disks would count twice."""
    try:
        rows = [line.split() for line in lines(file.read_text())]
    except OSError:
        return None, None
    names = {row[2] for row in rows if len(row) > 9 and not NO_DISK.fullmatch(row[2])}
    whole = [row for row in rows if len(row) > 9 and row[2] in names and not _is_part(row[2], names)]
    if not whole:
        return None, None
    return sum(int(row[5]) for row in whole) * SECTOR_BYTES, sum(int(row[9]) for row in whole) * SECTOR_BYTES


def _is_part(name: str, names: set[str]) -> bool:
    """Whether it is a partition of another one: sda1 of sda, nvme0n1p2 of nvme0n1, but not sata10 of sata1."""
    disk = name.rstrip("0123456789")
    if disk == name:
        return False
    return disk in names or (disk.endswith("p") and disk[:-1] in names and disk[-2:-1].isdigit())
