"""Postfix's queue: what waits (postqueue(1), -j), and what can be done with it (postsuper(1)).

Queue IDs are letters and digits and go to postsuper by its standard input: none can be an option, or its word ALL.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.daemons.command import run
from mailroom.daemons.postfix.daemon import CONFIG
from mailroom.daemons.shape import DaemonFailed

ID = re.compile(r"[0-9A-Za-z]{6,30}")
ON_HOLD, ACTIVE, DEFERRED = "hold", "active", "deferred"
# More are counted, and not read.
READ_MAX = 20_000
# Of one message: an alias may have any number of members.
RECIPIENTS_MAX = 50
REASON_MAX = 1_000
LIMIT_S = 60.0
NOT_TOLD = "Postfix does not tell what is in its queue."
# postqueue(1) takes one message at a time (-i); beyond this all that waits is tried.
TRIED_SINGLY_MAX = 50


@dataclass(frozen=True)
class Waiting:
    """One message in the queue.

    queue: incoming | active | deferred | hold | maildrop. since: when it came, seconds since the epoch; size: bytes.
    recipients: (address, why it waits in Postfix's words, or ""); more: how many recipients beyond those.
    expires: it is returned after the next try (postsuper(1), -e).
    """

    id: str
    queue: str
    since: float
    size: int
    sender: str
    recipients: tuple[tuple[str, str], ...]
    more: int = 0
    expires: bool = False


def is_id(text: str) -> bool:
    """Whether it can be a queue ID, short or long (postconf(5), enable_long_queue_ids)."""
    return ID.fullmatch(text) is not None


def read(limit: int = READ_MAX) -> tuple[int, list[Waiting]]:
    """(how many wait, the first `limit` of them). Raises DaemonFailed."""
    argv = ("postqueue", "-c", str(CONFIG), "-j")
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError as reason:
        raise DaemonFailed(f"postqueue cannot be started: {reason.strerror}.", daemon="postfix") from None
    with process:
        timer = threading.Timer(LIMIT_S, process.kill)
        timer.start()
        try:
            total, found = _rows(process.stdout or (), limit)
        except (ValueError, KeyError, TypeError) as reason:
            # Cut off in the middle of a line: it was killed, or ended by itself.
            raise DaemonFailed(NOT_TOLD, daemon="postfix") from reason
        finally:
            timer.cancel()
    if process.returncode:
        raise DaemonFailed(NOT_TOLD, daemon="postfix")
    return total, found


def _rows(lines: Iterable[bytes], limit: int) -> tuple[int, list[Waiting]]:
    total, found = 0, []
    for line in lines:
        total += 1
        if len(found) < limit:
            found.append(waiting(json.loads(line.decode("utf-8", "replace"))))
    return total, found


def waiting(row: dict[str, Any]) -> Waiting:
    """A line of postqueue(1), -j ("JSON OBJECT FORMAT")."""
    named = row.get("recipients", [])
    return Waiting(
        str(row["queue_id"]),
        str(row["queue_name"]),
        float(row["arrival_time"]),
        int(row["message_size"]),
        "" if row["sender"] == "MAILER-DAEMON" else str(row["sender"]),
        tuple((str(one["address"]), str(one.get("delay_reason", ""))[:REASON_MAX]) for one in named[:RECIPIENTS_MAX]),
        max(0, len(named) - RECIPIENTS_MAX),
        bool(row.get("forced_expire", False)),
    )


def next_tries(ids: Iterable[str], spool: Path = paths.QUEUE) -> dict[str, float]:
    """Queue ID -> when it is tried again at the earliest: qmgr(8) writes it into the date of the file.

    Of these IDs alone: any number may wait beside them.
    """
    wanted, found = set(ids), dict[str, float]()
    for folder, _, files in os.walk(spool / "deferred") if wanted else ():
        for file in wanted.intersection(files):
            try:
                found[file] = os.stat(Path(folder) / file, follow_symlinks=False).st_mtime
            except OSError:
                # Delivered meanwhile.
                continue
    return found


def hold(ids: Sequence[str]) -> None:
    """Keep them until somebody releases them. Raises DaemonFailed."""
    _postsuper("-h", ids)


def release(ids: Sequence[str]) -> None:
    """Hold them no longer. Raises DaemonFailed."""
    _postsuper("-H", ids)


def expire(ids: Sequence[str]) -> None:
    """Have them returned to their senders after one more try, also those on hold. Raises DaemonFailed."""
    _postsuper("-f", ids)


def delete(ids: Sequence[str]) -> None:
    """Remove them; nobody is notified. Raises DaemonFailed."""
    _postsuper("-d", ids)


def retry(ids: Sequence[str]) -> None:
    """Try these now; with many of them, all that wait. Raises DaemonFailed."""
    if len(ids) > TRIED_SINGLY_MAX:
        run("postfix", ("postqueue", "-c", str(CONFIG), "-f"))
        return
    for id in ids:
        if not is_id(id):
            raise ValueError(id)
        run("postfix", ("postqueue", "-c", str(CONFIG), "-i", id))


def _postsuper(option: str, ids: Sequence[str]) -> None:
    if not all(map(is_id, ids)):
        raise ValueError(ids)
    if ids:
        given = "".join(f"{id}\n" for id in ids)
        run("postfix", ("postsuper", "-c", str(CONFIG), option, "-"), given=given, timeout_s=LIMIT_S)
