"""Removing what was delivered twice because Dovecot was killed between keeping a message and saying so.

Each SMTP transaction has a name of its own, which the filter writes into X-Mailroom-ID. Sieve refuses to deliver one
twice (before.sieve.j2), but its memory is written after the mailbox: a SIGKILL or a power cut may come between the two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mailroom.daemons.command import run
from mailroom.daemons.dovecot.daemon import CONFIG

NAME = "hdr.x-mailroom-id"
LIMIT_S = 300.0

Doveadm = Callable[[Sequence[str]], str]


def _doveadm(words: Sequence[str]) -> str:
    return run("dovecot", ("doveadm", "-c", str(CONFIG), *words), timeout_s=LIMIT_S)


def remove_doubles(since_s: float, doveadm: Doveadm = _doveadm) -> int:
    """Expunge later copies of a transaction in the same folder, among messages saved since then; how many there were.

    since_s: seconds since the epoch. The first copy stays as it is. Raises DaemonFailed when Dovecot cannot be asked.
    """
    fields = f"user mailbox uid {NAME}"
    told = json.loads(doveadm(("-f", "json", "fetch", "-A", fields, "savedsince", str(int(since_s)))) or "[]")
    doubles = list(later_copies(told))
    for row in doubles:
        doveadm(("expunge", "-u", row["user"], "mailbox", row["mailbox"], "uid", row["uid"]))
    return len(doubles)


def later_copies(rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Rows of doveadm-fetch(1) that hold the transaction of an earlier row of the same user and folder."""
    seen: set[tuple[str, str, str]] = set()
    for row in sorted(rows, key=lambda row: int(row["uid"])):
        transaction = row[NAME].strip()
        place = (row["user"], row["mailbox"], transaction)
        if transaction and place in seen:
            yield row
        seen.add(place)
