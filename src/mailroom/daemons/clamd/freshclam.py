"""freshclam(1) downloads virus definitions (rows AV05, AV06): one run at a time, as clamav and with no right more.

It puts a database in place by renaming it, after ClamAV's signature was verified; what does not pass never gets its
name. So the definitions in force stay as they are when a download is cut, forged, or ended in the middle.
"""

from __future__ import annotations

import subprocess
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from mailroom.core import paths, root_files
from mailroom.daemons.render import render
from mailroom.daemons.services import command
from mailroom.daemons.shape import Service

HERE = Path(__file__).parent
FOLDER = paths.DATA / "clamav"
# It holds the proxy's password while freshclam runs: in memory, for clamav's eyes (freshclam wants to own it).
CONFIG = paths.RUN / "freshclam" / "freshclam.conf"
OFFICIAL_MIRROR, OFFICIAL_DNS = "database.clamav.net", "current.cvd.clamav.net"
TIME_LIMIT_S = 3_600.0
LINES_MAX, LINE_BYTES_MAX = 200, 2_000
# Loading all definitions takes 1.2 GiB, a second time beside it 2.4 (docs.clamav.net, "Memory (RAM) Requirements").
# A machine of 8 GB says a little less.
TESTED_FROM_MB = 7_000
USER = "clamav"
# As the engine has: the test loads the same definitions.
MEMORY_MB = 6_144
# It ends when the process that started it does; set last, because a change of user forgets it (prctl(2)).
ENDS_WITH_US = ("setpriv", "--pdeathsig=KILL")
# What a run that was killed has left; and until when a mirror has asked to be left alone.
LEFT = ("-mindepth", "1", "-maxdepth", "1", "-name", "tmp.*")
CLEAN = ("/usr/bin/find", str(FOLDER), *LEFT, "-exec", "/bin/rm", "-rf", "--", "{}", "+")
FORGET = ("/bin/rm", "-f", "--", str(FOLDER / "freshclam.dat"))
FRESHCLAM = ("/usr/bin/freshclam", f"--config-file={CONFIG}", "--stdout")


@dataclass(frozen=True)
class Source:
    """Where definitions come from. mirror: "" for ClamAV's own; proxy_server: "" for none; proxy_password: opened."""

    mirror: str = ""
    proxy_server: str = ""
    proxy_port: int = 0
    proxy_account: str = ""
    proxy_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Run:
    """How a run ended. code: freshclam's exit code, negative for a signal, None when it took too long."""

    code: int | None
    lines: tuple[str, ...] = ()


def text(source: Source, memory_mb: int) -> str:
    """freshclam.conf(5). memory_mb: of the whole machine."""
    return render(
        HERE / "freshclam.conf.j2",
        folder=FOLDER,
        source=source,
        mirror=OFFICIAL_MIRROR,
        dns=OFFICIAL_DNS,
        tested=memory_mb >= TESTED_FROM_MB,
    )


def fetch(source: Source, memory_mb: int, forget: bool = False, limit_s: float = TIME_LIMIT_S) -> Run:
    """Download what is new, once. Raises OSError when it cannot be started.

    forget: that a mirror has asked to be left alone. freshclam keeps that for the folder, whatever mirror it is to ask.
    """
    root_files.write(CONFIG, text(source, memory_mb).encode(), USER, USER, 0o400)
    try:
        _run(CLEAN, 60.0)
        if forget:
            _run(FORGET, 60.0)
        return _run(FRESHCLAM, limit_s)
    finally:
        CONFIG.unlink(missing_ok=True)


def _run(argv: tuple[str, ...], limit_s: float) -> Run:
    """Its last lines are read while it runs, so that it never waits for us and never fills our memory."""
    late = threading.Event()
    service = Service((*ENDS_WITH_US, *argv), user=USER, memory_mb=MEMORY_MB)
    with subprocess.Popen(
        command(service), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/"
    ) as process:

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(limit_s, end)
        timer.start()
        try:
            assert process.stdout
            lines = _last_lines(process.stdout)
            code = process.wait()
        finally:
            timer.cancel()
            process.kill()
    return Run(None if late.is_set() else code, lines)


def _last_lines(output: IO[bytes]) -> tuple[str, ...]:
    read = iter(lambda: output.readline(LINE_BYTES_MAX), b"")
    return tuple(deque((line.decode("utf-8", "replace").rstrip() for line in read), LINES_MAX))
