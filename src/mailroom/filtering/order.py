"""The order of checks: one table, read from top to bottom.

A stage's checks that cost nothing come first; one that refuses ends the story. Scanners of a stage are asked together.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailroom.filtering.checks import clamav, recipient, rspamd, size_limit, spamassassin
from mailroom.filtering.shape import Check


@dataclass(frozen=True)
class Stage:
    """Checks that are asked at the same moment."""

    name: str
    checks: tuple[Check, ...]
    together: bool = False


ENVELOPE = Stage("envelope", (recipient,))
CONTENT = (
    Stage("limits", (size_limit,)),
    Stage("scanners", (clamav, spamassassin, rspamd), together=True),
)
