"""Running a daemon's own tools: no shell, a time limit, and the tool's words when it objects."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import Any

from mailroom.daemons.shape import DaemonFailed

WORDS_MAX = 600


def run(
    daemon: str,
    argv: Sequence[str],
    *,
    timeout_s: float = 20.0,
    stderr_is_failure: bool = False,
    given: str = "",
    user: str = "",
) -> str:
    """Run `argv`, return its output. given: what it reads from its standard input.

    user: as whom, when root runs it: what reads files that a daemon has written has no more rights than that one.

    Raises DaemonFailed with the tool's words on a non-zero exit, on time-out, and, with `stderr_is_failure`,
    on any word on stderr (`postconf -n` exits 0 on a misspelt parameter and only warns).
    """
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            argv,
            input=given,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            errors="replace",
            **_as(user),
        )
    except subprocess.TimeoutExpired:
        raise DaemonFailed(f"{argv[0]} did not end within {timeout_s:.0f} s.", daemon=daemon) from None
    except OSError as reason:
        raise DaemonFailed(f"{argv[0]} cannot be started: {reason.strerror}.", daemon=daemon) from None
    complaint = done.stderr.strip() or done.stdout.strip()
    if done.returncode or (stderr_is_failure and done.stderr.strip()):
        raise DaemonFailed(complaint[-WORDS_MAX:] or f"{argv[0]} failed with {done.returncode}.", daemon=daemon)
    return done.stdout


def _as(user: str) -> dict[str, Any]:
    if not user or os.geteuid() != 0:
        return {}
    return {"user": user, "group": user, "extra_groups": [], "umask": 0o077}
