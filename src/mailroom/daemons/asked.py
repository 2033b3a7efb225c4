"""Ends of daemons that somebody asked for are noted, so that nobody is told of them as of a failure."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from mailroom.core import paths

# s6 kills what has not ended by then (services.py, timeout-kill), and a little.
ENDS_WITHIN_S = 15.0
KEPT = 20


def note_asked(name: str) -> None:
    """Say that this daemon is about to be told to end. The notes go with its service folder, on a tmpfs."""
    with suppress(OSError):
        file = paths.SERVICES / name / "data" / "asked"
        file.write_text("".join(f"{noted}\n" for noted in [*_noted(name), time.time()][-KEPT:]))


def asked_ends(name: str, ends: Sequence[float]) -> set[float]:
    """Which of these ends (their times, oldest first) were asked for: the first one after each note."""
    found = (next((end for end in ends if noted <= end <= noted + ENDS_WITHIN_S), None) for noted in _noted(name))
    return {end for end in found if end is not None}


def _noted(name: str) -> list[float]:
    try:
        return [float(line) for line in (paths.SERVICES / name / "data" / "asked").read_text().split()]
    except (OSError, ValueError):
        return []
