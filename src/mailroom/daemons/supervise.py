"""The daemons' states as people see them, and what we ask of s6 (s6-svc(1))."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mailroom.core import paths
from mailroom.core.problems import NotFound
from mailroom.daemons import mail_place, svstat
from mailroom.daemons.asked import asked_ends, note_asked
from mailroom.daemons.command import run
from mailroom.daemons.order import BY_ID, DAEMONS
from mailroom.daemons.states import ABNORMAL, DISABLED, RUNNING, STARTING
from mailroom.daemons.svstat import Death, Known

# So long after an end that nobody asked for it is still told, and the ends within it are counted.
RECENT_S = 600.0
LOG_NEXT = "If it does not stay up by itself, read its log."
# Signals by which one process asks another to end (signal(7)); the others follow from faults.
STOPS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
MEMORY_NEXT = (
    "If it does not stay up by itself, read its log. A process that was killed mostly means that the memory ran out."
)


@dataclass(frozen=True)
class State:
    """One daemon as the Server List shows it (guide ch. 9, states of a function).

    state: one of states.py; starting is the guide's "getting ready", disabled its "stopped".
    since: of this state, seconds since the epoch. why, next: in words, "" when there is nothing to say.
    ended: the latest end that nobody asked for, {time, exit_code, signal}; ends: how many in the last ten minutes.
    """

    id: str
    title: str
    program: str
    state: str
    pid: int | None
    since: float | None
    why: str = ""
    next: str = ""
    ended: dict[str, Any] | None = None
    ends: int = 0


def is_up(name: str) -> bool:
    """Whether its process runs."""
    known = svstat.known(name).get(name)
    return known is not None and known.up


def ready_pid(name: str) -> int | None:
    """The number of its process once it has answered."""
    known = svstat.known(name).get(name)
    return known.pid if known and known.up and known.ready else None


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
            if is_up(daemon.id):
                note_asked(daemon.id)
            run(daemon.id, ("s6-svc", "-wD", "-T", "15000", "-d", str(folder)))


def hold(*names: str) -> None:
    """Stop these until `bring` is called again, and wait until they have ended. Raises DaemonFailed."""
    for name in names:
        note_asked(name)
        run(name, ("s6-svc", "-wD", "-T", "15000", "-d", str(paths.SERVICES / name)))


def restart(name: str, wait: bool = True) -> None:
    """Restart one daemon and wait until it has answered. Raises NotFound or DaemonFailed.

    The process that asks this of itself is told to end and does not wait: it has an answer to give before.
    """
    if name not in BY_ID:
        raise NotFound(f"There is no daemon {name!r}.", field="id")
    folder = str(paths.SERVICES / name)
    known = svstat.known(name).get(name)
    note_asked(name)
    if not wait or (known and known.pid == os.getpid()):
        run(name, ("s6-svc", "-r", folder))
        return
    until = "-wR" if BY_ID[name].service(None).ready else "-wr"
    # The antivirus engine reads its definitions for half a minute or more.
    run(name, ("s6-svc", until, "-T", "100000", "-r", folder), timeout_s=105)


def status() -> list[dict[str, Any]]:
    """Every daemon's state, in order, as JSON-able facts."""
    known = svstat.known(*(daemon.id for daemon in DAEMONS))
    now = time.time()
    return [asdict(state(daemon.id, daemon.title, daemon.program, known.get(daemon.id), now)) for daemon in DAEMONS]


def changes() -> int:
    """A number that differs once any daemon has started, answered or ended."""
    return svstat.changes(daemon.id for daemon in DAEMONS)


def state(name: str, title: str, program: str, known: Known | None, now: float) -> State:
    """From what s6 knows to what people want to know."""
    if known is None:
        why = "The supervisor does not know it."
        return State(name, title, program, ABNORMAL, None, None, why, "Stop and start the package.")
    asked = asked_ends(name, [death.time for death in known.deaths])
    unasked = [death for death in known.deaths if now - death.time < RECENT_S and death.time not in asked]
    last = unasked[-1] if unasked else None
    kept: dict[str, Any] = {"ended": _facts(last) if last else None, "ends": len(unasked)}
    if known.up:
        if known.ready or not (paths.SERVICES / name / "notification-fd").exists():
            return State(name, title, program, RUNNING, known.pid, known.since, **kept)
        # Between two starts s6 has it down for a moment only: what has just ended it is told until it answers.
        why = _again(last) if last and last.time <= known.since + 1 else "It has been started and has not answered yet."
        return State(name, title, program, STARTING, known.pid, known.since, why, _next(last), **kept)
    if (paths.SERVICES / name / "down").exists():
        why = "Not enabled in the settings."
        if name in mail_place.SERVICES and mail_place.missing():
            why = "The volume with the mail is missing."
        return State(name, title, program, DISABLED, None, known.since, why)
    if known.deaths and known.deaths[-1].time in asked:
        return State(name, title, program, STARTING, None, known.since, "It is being restarted.", **kept)
    return State(name, title, program, ABNORMAL, None, known.since, _ended(known.deaths), _next(last), **kept)


def _again(death: Death) -> str:
    return f"{_how(death)} It has been started again and has not answered yet."


def _ended(deaths: Sequence[Death]) -> str:
    return f"{_how(deaths[-1])} It is being started again." if deaths else "It has ended and is being started again."


def _how(death: Death) -> str:
    """How it ended, without the name of a signal."""
    if death.signal == "SIGKILL":
        return "It was killed, by somebody or because memory ran out."
    if death.signal in STOPS:
        return "It was stopped from outside."
    return "It crashed." if death.signal else f"It ended by itself (exit code {death.exit_code})."


def _next(last: Death | None) -> str:
    if last is None:
        return ""
    return MEMORY_NEXT if last.signal == "SIGKILL" else LOG_NEXT


def _facts(death: Death) -> dict[str, Any]:
    return {"time": death.time, "exit_code": death.exit_code, "signal": death.signal}
