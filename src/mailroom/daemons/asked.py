"""Ends of daemons that somebody asked for are noted, so that nobody is told of them as of a failure."""

from __future__ import annotations

from contextlib import suppress

from mailroom.core import paths

# s6 kills what has not ended by then (services.py, timeout-kill), and a little.
ENDS_WITHIN_S = 15.0


def note_asked(name: str) -> None:
    """Say that this daemon is about to be told to end. The note goes with its service folder, on a tmpfs."""
    with suppress(OSError):
        (paths.SERVICES / name / "data" / "asked").touch()


def was_asked(name: str, ended: float) -> bool:
    """Whether its end at this time was asked for."""
    try:
        noted = (paths.SERVICES / name / "data" / "asked").stat().st_mtime
    except OSError:
        return False
    return noted - 1 <= ended <= noted + ENDS_WITHIN_S
