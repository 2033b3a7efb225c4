"""What s6 knows of the daemons, and what we ask of it (s6-svstat(1), s6-svc(1))."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.core.problems import NotFound
from mailroom.daemons.command import run
from mailroom.daemons.order import BY_ID, DAEMONS

FIELDS = ("up", "wantedup", "ready", "pid", "updownfor", "exitcode", "signal")


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


def _svstat(name: str) -> dict[str, str] | None:
    folder = paths.SERVICES / name
    asked = subprocess.run(
        ("s6-svstat", "-o", ",".join(FIELDS), str(folder)), capture_output=True, text=True, timeout=5, check=False
    )
    if asked.returncode:
        return None
    return dict(zip(FIELDS, asked.stdout.split(), strict=False))


def is_up(name: str) -> bool:
    """Whether its process runs."""
    known = _svstat(name)
    return bool(known and known["up"] == "true")


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
    known = _svstat(name)
    if known and known["pid"] == str(os.getpid()):
        run(name, ("s6-svc", "-r", folder))
        return
    until = "-wR" if BY_ID[name].service(None).ready else "-wr"
    run(name, ("s6-svc", until, "-T", "30000", "-r", folder), timeout_s=35)


def status() -> list[dict[str, Any]]:
    """Every daemon's state, in order, as JSON-able facts."""
    owned = _memory_by_group()
    return [asdict(_state(daemon.id, daemon.title, owned)) for daemon in DAEMONS]


def _state(name: str, title: str, owned: dict[int, float]) -> State:
    known = _svstat(name)
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


def _memory_by_group() -> dict[int, float]:
    """Megabytes (proportional set size) by the session leader whose family it is: s6 starts each service in its own."""
    by_leader: dict[int, float] = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            stat = (process / "stat").read_text().rpartition(")")[2].split()
            rollup = (process / "smaps_rollup").read_text()
        except OSError:
            continue
        session = int(stat[3])
        pss = next((line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")), "0")
        by_leader[session] = by_leader.get(session, 0.0) + int(pss) / 1024
    return {leader: round(size, 1) for leader, size in by_leader.items()}
