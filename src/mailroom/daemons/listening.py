"""Where a daemon listens for TCP, as the kernel knows it (proc(5), /proc/net/tcp)."""

from __future__ import annotations

import ipaddress
import os
import sys
import time
from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from pathlib import Path

from mailroom.core import paths
from mailroom.core.lines import lines
from mailroom.daemons.asked import note_asked
from mailroom.daemons.command import run
from mailroom.daemons.shape import DaemonFailed

PROC = Path("/proc")
LISTENS = "0A"
LIMIT_S = 10.0
PAUSE_S = 0.05
RESTART_LIMIT_MS = 30_000


# (address, port); the address is ANY where it listens on all of them.
Door = tuple[str, int]
ANY = "*"


def sockets(proc: Path = PROC) -> Iterator[tuple[str, Door]]:
    """(what an open handle of it is called, its door) of each listening socket on this machine."""
    for table in ("tcp", "tcp6"):
        for line in lines((proc / "net" / table).read_text())[1:]:
            facts = line.split()
            if facts[3] == LISTENS:
                address, _, port = facts[1].rpartition(":")
                yield f"socket:[{facts[9]}]", (_address(address), int(port, 16))


def _address(words: str) -> str:
    """The kernel's hexadecimal address, in words of 32 bits in the machine's own order, as one writes it."""
    numbers = [int(words[start : start + 8], 16) for start in range(0, len(words), 8)]
    found = ipaddress.ip_address(b"".join(number.to_bytes(4, sys.byteorder) for number in numbers))
    return ANY if found.is_unspecified else str(found)


def doors(pid: int, proc: Path = PROC) -> set[Door]:
    """Where this process, itself, listens; empty when it has gone."""
    opened = set()
    with suppress(OSError):
        for handle in (proc / str(pid) / "fd").iterdir():
            # One may be closed while we look at the others.
            with suppress(OSError):
                opened.add(os.readlink(handle))
    return {door for handle, door in sockets(proc) if handle in opened}


def doors_of(daemon: str) -> set[Door]:
    """Where a daemon's first process listens; empty while it does not run, or nothing supervises it."""
    try:
        return doors(int(run(daemon, ("s6-svstat", "-o", "pid", str(paths.SERVICES / daemon)))))
    except DaemonFailed:
        return set()


def collide(one: Door, other: Door) -> bool:
    """Whether only one of them can be open at a time (bind(2), EADDRINUSE)."""
    return one[1] == other[1] and (one[0] == other[0] or ANY in (one[0], other[0]))


def taken(wanted: Iterable[Door], own: Set[Door]) -> list[int]:
    """Ports that are wanted and not to be had, because another program has them."""
    others = {door for _, door in sockets()} - own
    return sorted({door[1] for door in set(wanted) - own for other in others if collide(door, other)})


def holder(port: int, proc: Path) -> str:
    """The name of a program that listens on this port, as far as this proc(5) shows it; else ""."""
    held = {handle for handle, door in sockets() if door[1] == port}
    for process in proc.glob("[0-9]*"):
        with suppress(OSError):
            if any(os.readlink(handle) in held for handle in (process / "fd").iterdir()):
                return (process / "comm").read_text().strip()
    return ""


def refuse_taken(daemon: str, wanted: Set[Door]) -> None:
    """Raises DaemonFailed when a port that a running daemon is to get belongs to another program.

    Told beforehand, because a daemon that cannot have its port may end over it. One that does not run yet is not asked
    about: it is to be seen in the window that it does not come up.
    """
    own = doors_of(daemon)
    if own and (ports := taken(wanted, own)):
        raise DaemonFailed(f"Another program on this NAS has port {ports[0]}.", daemon=daemon, port=ports[0])


def restarted_for(daemon: str, wanted: Set[Door]) -> bool:
    """Restart a daemon and wait until it answers, if what it is to open collides with what it has open; whether so.

    That is so from one network interface to all of them, and back. Its sessions end; whoever had one comes back. Raises
    DaemonFailed.
    """
    own = doors_of(daemon)
    if not any(collide(new, old) for new in wanted - own for old in own - wanted):
        return False
    note_asked(daemon)
    waiting = ("s6-svc", "-wR", "-T", str(RESTART_LIMIT_MS), "-r", str(paths.SERVICES / daemon))
    run(daemon, waiting, timeout_s=RESTART_LIMIT_MS / 1000 + 5)
    return True


def expect(daemon: str, title: str, wanted: Set[Door]) -> None:
    """Wait until a daemon's first process listens on exactly these doors: what was switched off is off, too.

    Raises DaemonFailed after LIMIT_S.
    """
    until = time.monotonic() + LIMIT_S
    while (found := doors_of(daemon)) != wanted:
        if time.monotonic() > until:
            address, port = (sorted(wanted - found) or sorted(found - wanted))[0]
            place = f"port {port}" if address == ANY else f"port {port} of {address}"
            told = f"{title} does not listen on {place}." if wanted - found else f"{title} still listens on {place}."
            raise DaemonFailed(told, daemon=daemon, port=port)
        time.sleep(PAUSE_S)
