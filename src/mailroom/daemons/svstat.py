"""What s6 says of its services (s6-svstat(1), s6-svdt(1)), asked again only of those that have changed meanwhile."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailroom.core import paths
from mailroom.core.lines import lines

FIELDS = ("up", "wantedup", "ready", "pid", "updownfor", "exitcode", "signal")
DEATHS_KEPT = 20
# A label counts TAI seconds from 2**62 (TAI64N, cr.yp.to); s6's own table has them 37 s before UTC since 2017.
TAI_EPOCH, TAI_BEFORE_UTC_S = 2**62, 37
ASK = (
    f'for name; do echo "= $name"; s6-svstat -o {",".join(FIELDS)} "$name"; s6-svdt -S -n {DEATHS_KEPT} "$name"; '
    "done 2>/dev/null"
)
Stamp = tuple[int, int]


@dataclass(frozen=True)
class Death:
    """One end of a daemon's process: seconds since the epoch, and either its exit code or a signal's name."""

    time: float
    exit_code: int | None
    signal: str | None


@dataclass(frozen=True)
class Known:
    """What s6 knows of one service. since: when it went up or down; deaths: the latest ones, oldest first."""

    up: bool
    ready: bool
    pid: int | None
    since: float
    deaths: tuple[Death, ...] = ()


_lock = threading.Lock()
_known: dict[str, tuple[Stamp, Known]] = {}


def known(*names: str, services: Path | None = None) -> dict[str, Known]:
    """What s6 knows of each of these; services without a supervisor are left out.

    s6-supervise writes its status file anew at every change: while that file is the same, so is the answer.
    """
    folder = services or paths.SERVICES
    stamps = {name: stamp for name in names if (stamp := _stamp(folder / name))}
    with _lock:
        changed = [name for name, stamp in stamps.items() if _known.get(name, (None, None))[0] != stamp]
        if changed:
            told = parse(_ask(folder, changed), time.time())
            for name in changed:
                if name in told:
                    _known[name] = (stamps[name], told[name])
                else:
                    _known.pop(name, None)
        return {name: _known[name][1] for name in stamps if name in _known}


def changes(names: Iterable[str]) -> int:
    """A number that differs once s6 has seen one of these start, answer or end."""
    stamps = (_stamp(paths.SERVICES / name) for name in names)
    # A browser holds numbers below 2**53.
    return hash(tuple(stamps)) & (2**53 - 1)


def _stamp(service: Path) -> Stamp | None:
    try:
        status = (service / "supervise" / "status").stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def _ask(folder: Path, names: list[str]) -> str:
    done = subprocess.run(
        ("/bin/sh", "-c", ASK, "sh", *names), cwd=folder, capture_output=True, text=True, timeout=5, check=False
    )
    return done.stdout


def parse(told: str, now: float) -> dict[str, Known]:
    """The answers of both tools, for each service after a line "= NAME"."""
    found: dict[str, Known] = {}
    for part in told.split("= ")[1:]:
        name, *parts = lines(part)
        values = dict(zip(FIELDS, parts[0].split(), strict=False)) if parts else {}
        if len(values) == len(FIELDS):
            deaths = tuple(_death(line) for line in parts[1:])
            up, since = values["up"] == "true", now - float(values["updownfor"])
            found[name] = Known(up, values["ready"] == "true", int(values["pid"]) if up else None, since, deaths)
    return found


def _death(line: str) -> Death:
    label, kind, value = line.split()
    when = int(label[1:17], 16) - TAI_EPOCH - TAI_BEFORE_UTC_S + int(label[17:], 16) / 1e9
    return Death(when, int(value), None) if kind == "exitcode" else Death(when, None, value)
