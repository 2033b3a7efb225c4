"""Conditions that the window shows while they last: one small file each, in a folder of who says so."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from mailroom.core import paths

DISK_TEXT = "Mail waits at the sending servers until there is room again; nothing is lost."
DISK_NEXT = "Free some space on the volume; mail goes on by itself."


def _folder() -> Path:
    """The job process's own, or the filter's: root writes nothing where the filter may."""
    return paths.CONDITIONS if os.geteuid() == 0 else paths.FILTER_CONDITIONS


def report(id: str, title: str, text: str, next_step: str, **more: str) -> None:
    """Say that a condition lasts. The first report's time stays. A message's own answer never depends on this.

    more: `go`, where the window helps, and `severity`, as a Finding of the Server List has them.
    """
    file = _folder() / f"{id}.json"
    if file.exists():
        return
    note = {"title": title, "text": text, "next": next_step, "since": time.time(), **more}
    fresh = file.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        fresh.write_text(json.dumps(note))
        fresh.rename(file)


def clear(id: str) -> None:
    """Say that a condition is over."""
    with contextlib.suppress(OSError):
        (_folder() / f"{id}.json").unlink(missing_ok=True)


def lasts(id: str) -> bool:
    """Whether the condition was reported and not cleared."""
    return (_folder() / f"{id}.json").exists()


@contextlib.contextmanager
def disk(id: str, what: str) -> Iterator[None]:
    """Around a write that a message depends on: a disk that refuses is reported, one that works again clears it."""
    try:
        yield
    except OSError as reason:
        report(id, f"{what} cannot be written ({reason.strerror or type(reason).__name__})", DISK_TEXT, DISK_NEXT)
        raise
    if lasts(id):
        clear(id)
