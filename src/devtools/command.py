"""Running other programs, quietly unless they fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools.say import Stop

TAIL = 4000


def run(
    argv: Sequence[str | Path], *, cwd: Path | None = None, env: dict[str, str] | None = None, loud: bool = False
) -> str:
    """Run a program to its end and return its output. Raises Stop with its last words when it fails."""
    words = [str(word) for word in argv]
    surroundings = {**os.environ, **env} if env else None
    if loud:
        done = subprocess.run(words, cwd=cwd, env=surroundings, check=False)
        if done.returncode:
            raise Stop(f"{words[0]} failed with {done.returncode}.")
        return ""
    done = subprocess.run(
        words, cwd=cwd, env=surroundings, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        raise Stop(f"{' '.join(words[:6])} failed with {done.returncode}:\n{done.stdout[-TAIL:]}")
    return done.stdout
