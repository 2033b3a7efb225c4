"""On which TCP ports a daemon listens, as the kernel knows it (proc(5), /proc/net/tcp)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Set
from contextlib import suppress
from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.command import run
from mailroom.daemons.shape import DaemonFailed

PROC = Path("/proc")
LISTENS = "0A"
LIMIT_S = 10.0
PAUSE_S = 0.05


def sockets(proc: Path = PROC) -> Iterator[tuple[str, int]]:
    """(what an open handle of it is called, port) of each listening socket on this machine."""
    for table in ("tcp", "tcp6"):
        for line in (proc / "net" / table).read_text().splitlines()[1:]:
            facts = line.split()
            if facts[3] == LISTENS:
                yield f"socket:[{facts[9]}]", int(facts[1].rpartition(":")[2], 16)


def ports(pid: int, proc: Path = PROC) -> set[int]:
    """The ports on which this process, itself, listens; empty when it has gone."""
    opened = set()
    with suppress(OSError):
        for handle in (proc / str(pid) / "fd").iterdir():
            # One may be closed while we look at the others.
            with suppress(OSError):
                opened.add(os.readlink(handle))
    return {port for handle, port in sockets(proc) if handle in opened}


def ports_of(daemon: str) -> set[int]:
    """The ports on which a daemon's first process listens; empty while it does not run, or nothing supervises it."""
    try:
        return ports(int(run(daemon, ("s6-svstat", "-o", "pid", str(paths.SERVICES / daemon)))))
    except DaemonFailed:
        return set()


def refuse_taken(daemon: str, wanted: Set[int]) -> None:
    """Raises DaemonFailed when a port that a running daemon is to get belongs to another program.

    Told beforehand, because a daemon that cannot have its port may end over it. One that does not run yet is not asked
    about: it is to be seen in the window that it does not come up.
    """
    own = ports_of(daemon)
    others = {port for _, port in sockets()} - own
    if own and (taken := sorted((wanted - own) & others)):
        raise DaemonFailed(f"Another program on this NAS has port {taken[0]}.", daemon=daemon, port=taken[0])


def expect(daemon: str, title: str, wanted: Set[int]) -> None:
    """Wait until a daemon's first process listens on exactly these ports: what was switched off is off, too.

    Raises DaemonFailed after LIMIT_S.
    """
    until = time.monotonic() + LIMIT_S
    while (found := ports_of(daemon)) != wanted:
        if time.monotonic() > until:
            wrong = sorted(wanted - found) or sorted(found - wanted)
            word = "does not listen" if wanted - found else "still listens"
            raise DaemonFailed(f"{title} {word} on port {wrong[0]}.", daemon=daemon, port=wrong[0])
        time.sleep(PAUSE_S)
