"""What s6 knows of the daemons, and what we ask of it (s6-svstat(1), s6-svc(1))."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.core.problems import NotFound
from mailroom.daemons.command import run
from mailroom.daemons.order import BY_ID, DAEMONS

FIELDS = ("up", "wantedup", "ready", "pid", "updownfor", "exitcode", "signal")
MEMORY_KEPT_S = 10.0


@dataclass(frozen=True)
class State:
    """One daemon as the overview shows it. since: seconds since the epoch; memory_mb: its own share (PSS)."""

    id: str
    title: str
    state: str
    pid: int | None
    memory_mb: float
    since: float | None
    why: str = ""


def _svstat(*names: str) -> dict[str, dict[str, str]]:
    """What s6 knows of each of these; those that it does not know are left out. One shell asks for all of them."""
    asking = f"s6-svstat -o {','.join(FIELDS)} '{paths.SERVICES}'/$name 2>/dev/null || echo"
    script = f"for name; do printf '%s ' $name; {asking}; done"
    asked = subprocess.run(
        ("/bin/sh", "-c", script, "sh", *names), capture_output=True, text=True, timeout=5, check=False
    )
    told = (line.split() for line in asked.stdout.splitlines())
    return {name: dict(zip(FIELDS, values, strict=True)) for name, *values in told if len(values) == len(FIELDS)}


def is_up(name: str) -> bool:
    """Whether its process runs."""
    return _svstat(name).get(name, {}).get("up") == "true"


def ready_pid(name: str) -> int | None:
    """The number of its process once it has answered."""
    known = _svstat(name).get(name, {})
    return int(known["pid"]) if known.get("up") == "true" and known.get("ready") == "true" else None


def bring(up: set[str]) -> None:
    """Make exactly the daemons in `up` run; the others are stopped and stay so after a restart of s6."""
    for daemon in DAEMONS:
        folder = paths.SERVICES / daemon.id
        if not folder.exists():
            continue
        down = folder / "down"
        if daemon.id in up:
            down.unlink(missing_ok=True)
            if not is_up(daemon.id):
                run(daemon.id, ("s6-svc", "-u", str(folder)))
        else:
            down.touch()
            run(daemon.id, ("s6-svc", "-wD", "-T", "15000", "-d", str(folder)))


def restart(name: str) -> None:
    """Restart one daemon and wait until it has answered. Raises NotFound or DaemonFailed.

    The process that asks this of itself is told to end and does not wait: it has an answer to give before.
    """
    if name not in BY_ID:
        raise NotFound(f"There is no daemon {name!r}.", field="id")
    folder = str(paths.SERVICES / name)
    if _svstat(name).get(name, {}).get("pid") == str(os.getpid()):
        run(name, ("s6-svc", "-r", folder))
        return
    until = "-wR" if BY_ID[name].service(None).ready else "-wr"
    run(name, ("s6-svc", until, "-T", "30000", "-r", folder), timeout_s=35)


def status() -> list[dict[str, Any]]:
    """Every daemon's state, in order, as JSON-able facts."""
    known = _svstat(*(daemon.id for daemon in DAEMONS))
    leaders = frozenset(int(facts["pid"]) for facts in known.values())
    owned = _memory_by_group(leaders, int(time.monotonic() // MEMORY_KEPT_S))
    return [asdict(_state(daemon.id, daemon.title, known.get(daemon.id), owned)) for daemon in DAEMONS]


def _state(name: str, title: str, known: dict[str, str] | None, owned: dict[int, float]) -> State:
    if known is None:
        return State(name, title, "stopped", None, 0.0, None, "The supervisor does not know it yet.")
    since = time.time() - float(known["updownfor"])
    if known["up"] == "true":
        pid = int(known["pid"])
        answers = known["ready"] == "true" or not (paths.SERVICES / name / "notification-fd").exists()
        why = "" if answers else "It has been started and has not answered yet."
        return State(name, title, "running" if answers else "starting", pid, owned.get(pid, 0.0), since, why)
    if (paths.SERVICES / name / "down").exists():
        return State(name, title, "disabled", None, 0.0, since, "Switched off in the settings.")
    ended = f"ended with {known['exitcode']}" if known["exitcode"] != "-1" else f"was ended by {known['signal']}"
    return State(name, title, "abnormal", None, 0.0, since, f"It {ended} and is being started again.")


@lru_cache(maxsize=1)
def _memory_by_group(leaders: frozenset[int], turn: int) -> dict[int, float]:
    """Megabytes (proportional set size) of these session leaders' families: s6 starts each service in its own session.

    Kept for a turn of MEMORY_KEPT_S: the kernel walks through all memory of each process that is asked about.
    """
    by_leader: dict[int, float] = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            session = int((process / "stat").read_text().rpartition(")")[2].split()[3])
            rollup = (process / "smaps_rollup").read_text() if session in leaders else ""
        except OSError:
            continue
        pss = next((line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")), "0")
        by_leader[session] = by_leader.get(session, 0.0) + int(pss) / 1024
    return {leader: round(size, 1) for leader, size in by_leader.items()}
