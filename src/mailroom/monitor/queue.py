"""How many messages wait in Postfix's queue (postqueue(1) counts the same files), and why."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mailroom.core import paths, root_files
from mailroom.core.lines import lines

WAITING = ("incoming", "active", "deferred", "hold", "maildrop")
# Delivery was tried and is to be tried again, or an administrator holds it.
STUCK = ("deferred", "hold")
REASONS_MAX = 50
# Of one message: 1,000 recipients, each with what a server said of it.
REASONS_BYTES_MAX = 8 * 1024 * 1024


def length(spool: Path = paths.QUEUE, queues: tuple[str, ...] = WAITING) -> int:
    """Messages in these queues together.

    A file becomes a message when Postfix sets its x bit (mail_queue.h, MAIL_QUEUE_STAT_READY); what a crash has left
    half written is nobody's mail: its sender was not told that it was taken.
    """
    return sum(
        _is_message(Path(folder) / file)
        for name in queues
        for folder, _, files in os.walk(spool / name)
        for file in files
    )


def holds(queue_id: str, spool: Path = paths.QUEUE) -> bool:
    """Whether this message is in the queue."""
    return _file(queue_id, WAITING, spool) is not None


def next_try(queue_id: str, spool: Path = paths.QUEUE) -> float | None:
    """When delivery is tried again, None for what does not wait: qmgr(8) keeps it as the time of the deferred file."""
    file = _file(queue_id, ("deferred",), spool)
    try:
        return file.stat().st_mtime if file else None
    except FileNotFoundError:
        return None


def _file(queue_id: str, queues: tuple[str, ...], spool: Path) -> Path | None:
    """In a queue, or in one of its folders (hash_queue_depth is 1)."""
    if not queue_id.isalnum():
        return None
    for name in queues:
        for folder in (spool / name, *(entry for entry in (spool / name).glob("?") if entry.is_dir())):
            if (folder / queue_id).is_file():
                return folder / queue_id
    return None


def waiting(spool: Path = paths.QUEUE, limit: int = REASONS_MAX) -> list[tuple[str, str]]:
    """(recipient, why delivery is put off) of some messages that wait (bounce(8) has a file for each; bounce_log.c).

    The file of a message that was deleted while it was being tried stays behind, and tells of nobody's mail.
    """
    there = {file for name in WAITING for _, _, files in os.walk(spool / name) for file in files}
    found: list[tuple[str, str]] = []
    for folder, _, files in os.walk(spool / "defer"):
        for file in there.intersection(files):
            found += _waiting_in(Path(folder) / file)
            if len(found) >= limit:
                return found[:limit]
    return found


def _waiting_in(file: Path) -> list[tuple[str, str]]:
    try:
        # The folder is Postfix's own user's.
        rows = lines(root_files.read(file, REASONS_BYTES_MAX).decode(errors="replace"))
    except (OSError, ValueError):
        # Delivered meanwhile, or no file of bounce(8).
        return []
    found, recipient = [], ""
    for name, _, value in (line.partition("=") for line in rows):
        if name == "recipient":
            recipient = value
        elif name == "reason":
            found.append((recipient, value))
    return found


def _is_message(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & stat.S_IXUSR)
    except FileNotFoundError:
        return False
