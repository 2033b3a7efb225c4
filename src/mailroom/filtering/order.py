"""The order of checks: one table, read from top to bottom.

A stage's checks that cost nothing come first; one that refuses ends the story. Scanners of a stage are asked together.
A transaction that ended without a message is asked about in the first stage only.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailroom.filtering.checks import (
    attachment_size,
    authentication,
    black_white_list,
    clamav,
    daily_quota,
    disk_room,
    guessing,
    header_limit,
    hop_limit,
    own_domain,
    recipient,
    recipient_limit,
    rspamd,
    sender_login,
    session_over,
    size_limit,
    smtputf8,
    spamassassin,
)
from mailroom.filtering.shape import Check, ScannerCheck


@dataclass(frozen=True)
class Stage:
    """Checks that are asked at the same moment."""

    name: str
    checks: tuple[Check, ...]
    together: bool = False


ENVELOPE = Stage(
    "envelope",
    (
        session_over,
        guessing,
        authentication,
        black_white_list,
        recipient,
        own_domain,
        sender_login,
        recipient_limit,
        size_limit,
        header_limit,
        hop_limit,
        smtputf8,
        disk_room,
        attachment_size,
    ),
)
SCANNERS: tuple[ScannerCheck, ...] = (clamav, spamassassin, rspamd)
CONTENT = (Stage("scanners", SCANNERS, together=True),)
# What counts a message is asked when nothing else has stopped it (session.py).
LAST = Stage("last", (daily_quota,))
# Of the tests that a whitelist rule lets mail skip (core/bypass.py), those that are checks of ours.
BY_TEST: dict[str, tuple[Check, ...]] = {"antivirus": (clamav,)}
TITLES = {check.NAME: check.TITLE for stage in (ENVELOPE, *CONTENT, LAST) for check in stage.checks}
