"""On which TCP ports a daemon listens, as the kernel knows it (proc(5), /proc/net/tcp)."""

from __future__ import annotations

import os
import time
from collections.abc import Set
from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.command import run
from mailroom.daemons.shape import DaemonFailed

LISTENS = "0A"
LIMIT_S = 10.0
PAUSE_S = 0.05


def ports(pid: int, proc: Path = Path("/proc")) -> set[int]:
    """The ports on which this process, itself, listens; empty when it has gone."""
    try:
        opened = {os.readlink(handle) for handle in (proc / str(pid) / "fd").iterdir()}
    except OSError:
        return set()
    found = set()
    for table in ("tcp", "tcp6"):
        for line in (proc / "net" / table).read_text().splitlines()[1:]:
            facts = line.split()
            if facts[3] == LISTENS and f"socket:[{facts[9]}]" in opened:
                found.add(int(facts[1].rpartition(":")[2], 16))
    return found


def expect(daemon: str, title: str, wanted: Set[int]) -> None:
    """Wait until a daemon's first process listens on exactly these ports: what was switched off is off, too.

    Raises DaemonFailed after LIMIT_S.
    """
    until = time.monotonic() + LIMIT_S
    while (found := ports(int(run(daemon, ("s6-svstat", "-o", "pid", str(paths.SERVICES / daemon)))))) != wanted:
        if time.monotonic() > until:
            wrong = sorted(wanted - found) or sorted(found - wanted)
            word = "does not listen" if wanted - found else "still listens"
            raise DaemonFailed(f"{title} {word} on port {wrong[0]}.", daemon=daemon, port=wrong[0])
        time.sleep(PAUSE_S)
