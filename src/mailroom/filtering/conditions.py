"""Conditions that the window shows while they last: one small file each, beside our sockets."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator

from mailroom.core import paths

DISK_TEXT = "Mail waits at the sending servers until there is room again; nothing is lost."
DISK_NEXT = "Free some space on the volume; mail goes on by itself."


def report(id: str, title: str, text: str, next_step: str, **more: str) -> None:
    """Say that a condition lasts. The first report's time stays. A message's own answer never depends on this.

    more: `go`, where the window helps, and `severity`, as a Finding of the Server List has them.
    """
    file = paths.CONDITIONS / f"{id}.json"
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
        (paths.CONDITIONS / f"{id}.json").unlink(missing_ok=True)


def lasts(id: str) -> bool:
    """Whether the condition was reported and not cleared."""
    return (paths.CONDITIONS / f"{id}.json").exists()


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
