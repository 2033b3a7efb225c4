"""What /proc of real machines says, and what we make of it (row SL01)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailroom.monitor import machine
from mailroom.monitor.machine import Counters

STAT = "cpu  100 5 45 800 40 0 10 0 0 0\ncpu0 100 5 45 800 40 0 10 0 0 0\nintr 1\n"
# A Synology with two bonded ports, Open vSwitch and Docker.
NET = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier
    lo: 9000000  100    0    0    0     0          0         0  9000000     100    0    0    0     0       0          0
  eth0:     700   10    0    0    0     0          0         0      300      10    0    0    0     0       0          0
  eth1:     300   10    0    0    0     0          0         0      200      10    0    0    0     0       0          0
 bond0:    1000   20    0    0    0     0          0         0      500      20    0    0    0     0       0          0
ovs_bond0: 1000   20    0    0    0     0          0         0      500      20    0    0    0     0       0          0
docker0:  50000   20    0    0    0     0          0         0    60000      20    0    0    0     0       0          0
"""
# DSM 7: sata1 to sata12, their partitions, RAID and LVM on them, the boot flash, a compressed swap.
DISKSTATS = """   7       0 loop0 5 0 5000 0 0 0 0 0 0 0 0 0 0 0 0 0 0
   8       0 sata1 10 0 100 0 20 0 200 0 0 0 0 0 0 0 0 0 0
   8       1 sata1p1 5 0 50 0 10 0 100 0 0 0 0 0 0 0 0 0 0
   8      96 sata12 1 0 8 0 1 0 16 0 0 0 0 0 0 0 0 0 0
 259       0 nvme0n1 1 0 2 0 1 0 4 0 0 0 0 0 0 0 0 0 0
 259       1 nvme0n1p1 1 0 2 0 1 0 4 0 0 0 0 0 0 0 0 0 0
   9       0 md0 9 0 900 0 9 0 900 0 0 0 0 0 0 0 0 0 0
 249       0 dm-0 9 0 900 0 9 0 900 0 0 0 0 0 0 0 0 0 0
 250       0 zram0 9 0 900 0 9 0 900 0 0 0 0 0 0 0 0 0 0
 254       0 synoboot 9 0 900 0 9 0 900 0 0 0 0 0 0 0 0 0 0
   8      16 sda 3 0 30 0 3 0 60 0 0 0 0 0
   8      17 sda1 3 0 30 0 3 0 60 0 0 0 0 0
"""
MEMINFO = "MemTotal:        2048000 kB\nMemFree:          100000 kB\nMemAvailable:    1024000 kB\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A recorded /proc."""
    (tmp_path / "net").mkdir()
    for name, text in (("stat", STAT), ("net/dev", NET), ("diskstats", DISKSTATS), ("meminfo", MEMINFO)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_waiting_for_the_disk_is_no_work(proc: Path) -> None:
    found = machine.counters(proc, 1.0)
    assert (found.busy, found.total) == (160, 1000)


def test_each_wire_counts_once(proc: Path) -> None:
    found = machine.counters(proc, 1.0)
    assert (found.rx, found.tx) == (1000, 500)


def test_without_a_wire_what_there_is_counts(proc: Path) -> None:
    lines = NET.splitlines(keepends=True)
    (proc / "net/dev").write_text("".join(lines[:3]) + lines[-1])
    assert machine.counters(proc, 1.0).rx == 50_000


def test_each_disk_counts_once(proc: Path) -> None:
    found = machine.counters(proc, 1.0)
    assert (found.read, found.written) == ((100 + 8 + 2 + 30) * 512, (200 + 16 + 4 + 60) * 512)


@pytest.mark.parametrize("text", ["", "   7       0 loop0 5 0 5000 0 0 0 0 0 0 0 0\n"])
def test_without_disks_nothing_is_invented(proc: Path, text: str) -> None:
    (proc / "diskstats").write_text(text)
    then, now = machine.counters(proc, 1.0), machine.counters(proc, 3.0)
    assert machine.rates(then, now).disk_read_bytes_s is None


def test_rates_are_what_happened_between() -> None:
    rates = machine.rates(Counters(10, 50, 100, 0, 100, 1024, 0), Counters(12, 60, 200, 4000, 100, 5120, 10))
    assert rates == machine.Rates(10.0, 2000, 0, 2048, 5)


def test_a_counter_that_went_back_is_no_rate() -> None:
    rates = machine.rates(Counters(10, 50, 100, 9000, 100, 9000, 9000), Counters(12, 50, 200, 10, 50, 0, 0))
    assert rates == machine.Rates(0.0, 0, 0, 0, 0)


def test_memory_is_what_is_not_available(proc: Path) -> None:
    assert machine.memory(proc) == {"used_mb": 1000, "total_mb": 2000}
