"""From a daemon's `Service` to the folder that s6 supervises (s6-supervise(8), s6-notifyoncheck(1))."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from mailroom.core import paths
from mailroom.daemons.shape import Daemon, Facts, Service

PYTHON = "/usr/bin/python3.11"
ASK = "/opt/mailroom/app/mailroom/daemons/ask.py"
# The host's own root, as the instance's first process has mounted it; only root may go through the folder above.
OUTSIDE = paths.RUN / "outside" / "root"
DEPENDENCY_WAIT_MS = 45_000
# What no daemon of ours needs, even as root (capabilities(7)); what an unprivileged one may never get is everything.
# All of them are older than the oldest kernel of a NAS (3.10).
GIVEN_UP = (
    "audit_control", "block_suspend", "ipc_owner", "lease", "linux_immutable", "mac_admin", "mac_override", "mknod",
    "net_admin", "net_raw", "sys_admin", "sys_boot", "sys_module", "sys_pacct", "sys_ptrace", "sys_rawio", "sys_time",
    "sys_tty_config", "syslog", "wake_alarm",
)  # fmt: skip
MEGABYTE = 1024 * 1024
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Deaths in quick succession wait longer each time, so that a daemon that cannot start does not eat the processor.
FINISH = """#!/bin/sh
now=$(date +%s)
read -r pause last 2>/dev/null <data/deaths || { pause=0; last=0; }
if [ $((now - last)) -gt 60 ]; then pause=0; else pause=$((pause * 2 + 1)); fi
[ "$pause" -le 7 ] || pause=7
echo "$pause $now" >data/deaths
exec sleep "$pause"
"""


def quote(word: str) -> str:
    """One word of execlineb's language (execlineb(1), quoting)."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _line(*words: str) -> str:
    return " ".join(quote(word) for word in words)


def run_script(service: Service, scandir: Path) -> str:
    """The execline `run` script: wait for what must come first, then become the daemon."""
    lines = ["#!/usr/bin/execlineb -P", "fdmove -c 2 1", "umask 007"]
    lines += [f"export {name} {quote(value)}" for name, value in sorted(service.environment.items())]
    if service.needs_settings:
        waiting = f"until [ -e {paths.CURRENT} ]; do sleep 0.2; done"
        lines.append(f"if {{ {_line('/bin/sh', '-c', waiting)} }}")
    for needed in service.after:
        wait = _line("s6-svwait", "-U", "-t", str(DEPENDENCY_WAIT_MS), str(scandir / needed))
        lines.append(f"foreground {{ redirfd -w 2 /dev/null {wait} }}")
    if service.ready:
        # Asks again every 300 ms, without end: a daemon is ready when it has answered, not when it was started.
        lines.append(_line("s6-notifyoncheck", "-d", "-n", "0", "-w", "300", "-t", "6000"))
    lines.append(_line("cd", str(paths.DATA)))
    lines.append(_line(*command(service)))
    return "\n".join(lines) + "\n"


def command(service: Service) -> list[str]:
    """What becomes the daemon: limits and rights first (prlimit(1), setpriv(1)). No memory is ever dumped to a disk."""
    words = ["prlimit", "--core=0"]
    if service.memory_mb:
        # Before 4.7 the kernel counts for RLIMIT_DATA only what grows at the end of a program's own data.
        kinds = ("data",) if service.maps_files else ("data", "as")
        words += [f"--{kind}={service.memory_mb * MEGABYTE}" for kind in kinds]
    words += ["setpriv", "--inh-caps=-all"]
    if service.user != "root":
        own = (f"--reuid={service.user}", f"--regid={service.user}", "--clear-groups")
        words += [*own, "--bounding-set=-all", "--no-new-privs"]
    else:
        # Not for what starts programs with rights of their own: Postfix's postdrop and postqueue are some.
        words.append("--bounding-set=" + ",".join(f"-{name}" for name in GIVEN_UP if name not in service.keeps))
    if service.outside:
        words += ["chroot", str(OUTSIDE)]
    return [*words, *service.argv]


def write_service(folder: Path, daemon: Daemon, facts: Facts | None, scandir: Path, up: bool) -> None:
    """Write one service folder. An existing one keeps its supervise state."""
    service = daemon.service(facts)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    _script(folder / "run", run_script(service, scandir))
    _script(folder / "finish", FINISH)
    (folder / "timeout-finish").write_text("15000\n")
    (folder / "timeout-kill").write_text("10000\n")
    if service.ready:
        (folder / "notification-fd").write_text("3\n")
        _script(folder / "data" / "check", f"#!/usr/bin/execlineb -P\n{_line(PYTHON, '-I', ASK, *service.ready)}\n")
    log = folder / "log"
    log.mkdir(exist_ok=True)
    kept = paths.LOG / daemon.id
    _script(log / "run", f"#!/usr/bin/execlineb -P\ns6-log -b T n10 s1000000 {quote(str(kept))}\n")
    down = folder / "down"
    if up:
        down.unlink(missing_ok=True)
    else:
        down.touch()


def write_services(daemons: Iterable[Daemon], facts: Facts | None, up: set[str], scandir: Path) -> None:
    """Write the folder of each daemon; what is not among them any more is removed."""
    known = set()
    for daemon in daemons:
        known.add(daemon.id)
        write_service(scandir / daemon.id, daemon, facts, scandir, daemon.id in up)
    for folder in scandir.iterdir():
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in known:
            shutil.rmtree(folder)


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
