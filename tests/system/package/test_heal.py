"""Kill anything of ours with SIGKILL, the supervisor and its keepers included: it heals by itself (within 10 s)."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from office import Office, until
from processes import pid_of, processes

HEALS_WITHIN_S = 10.0
# A machine that is shared runs slower than a NAS of its own.
PATIENCE = 6.0
DAEMONS = ("signin", "job", "serve", "resolver", "clamd", "spamd", "filter", "dovecot", "postfix")
# Inside of the package both generations are the same; what keeps it going outside is tried on both.
DSM_7 = pytest.mark.parametrize("nas", ["7"], indirect=True, ids=["dsm7"])
KEEPERS = {
    "keeper": "Mailroom/bin/keeper",
    "guard": "Mailroom/bin/guard",
    "instance": "bin/unshare",
    "supervisor": "s6-svscan",
}


def all_kept(nas: Office) -> bool:
    """Whether keeper, guard, instance and supervisor are there."""
    lines = list(processes(nas).values())
    return all(any(wanted in line for line in lines) for wanted in KEEPERS.values())


def heal(nas: Office, name: str) -> float:
    """Wait until everything answers again and mail flows; seconds until everything answered."""
    started = time.monotonic()
    until(lambda: not nas.late(), HEALS_WITHIN_S * PATIENCE, f"all daemons after the end of {name}")
    took = time.monotonic() - started
    nas.deliver(f"healed {name} {started}")
    nas.arrived("ben", f"healed {name} {started}")
    return took


@DSM_7
@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_killed_daemon_comes_back(nas: Office, daemon: str) -> None:
    before = pid_of(nas, daemon)
    os.kill(before, signal.SIGKILL)
    until(lambda: daemon in nas.late() or nas.daemon(daemon)["pid"] not in (None, before), 10, "its end is seen")
    heal(nas, daemon)
    assert pid_of(nas, daemon) != before


@pytest.mark.parametrize("name", KEEPERS)
def test_a_killed_keeper_or_supervisor_comes_back(nas: Office, name: str) -> None:
    wanted = KEEPERS[name]

    def found() -> list[int]:
        return sorted(pid for pid, line in processes(nas).items() if wanted in line)

    before = found()
    assert len(before) == 1, processes(nas)
    os.kill(before[0], signal.SIGKILL)
    until(lambda: found() and found() != before and len(found()) == 1, HEALS_WITHIN_S * PATIENCE, name)
    heal(nas, name)


@DSM_7
def test_every_single_process_may_die(nas: Office) -> None:
    """Also those that no list names: workers, loggers, s6's own."""
    first = nas.machine.pid()
    kept = {"dsmhost", "sh -c"}
    kinds: dict[str, int] = {}
    for pid, line in processes(nas).items():
        if pid != first and line and not any(word in line for word in kept):
            kinds.setdefault(" ".join(line.split()[:2]), pid)
    assert len(kinds) > 15
    for line, pid in kinds.items():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        until(lambda pid=pid: not Path(f"/proc/{pid}").exists(), 10, line)
        until(lambda: all_kept(nas) and not nas.late(), HEALS_WITHIN_S * PATIENCE, line)
    heal(nas, "everything")
