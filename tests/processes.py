"""The processes of a stand-in NAS as this host sees them."""

from __future__ import annotations

import os
from pathlib import Path

from office import Office


def processes(nas: Office) -> dict[int, str]:
    """{pid on this host: command line} of everything on the NAS."""
    inside = os.readlink(f"/proc/{nas.machine.pid()}/ns/uts")
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "ns/uts") == inside:
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def innermost(pid: int) -> int:
    """The process's number in its own namespace."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1])


def pid_of(nas: Office, daemon: str) -> int:
    """The daemon's number on this host: mailroomctl tells the one inside the instance. Raises KeyError, OSError."""
    inside = nas.daemon(daemon)["pid"]
    (first,) = [pid for pid, line in processes(nas).items() if "s6-svscan " in line and innermost(pid) == 1]
    namespace = os.readlink(f"/proc/{first}/ns/pid")
    for pid in processes(nas):
        try:
            if os.readlink(f"/proc/{pid}/ns/pid") == namespace and innermost(pid) == inside:
                return pid
        except OSError:
            continue
    raise KeyError(daemon)
