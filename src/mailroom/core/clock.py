"""Time through a port, so that tests own it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Seconds since the epoch (UTC)."""
        ...

    def elapsed(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def elapsed(self) -> float:
        return time.monotonic()


def day(moment: float) -> str:
    """The day (UTC) of a moment, seconds since the epoch, as every language reads it (ISO 8601)."""
    return time.strftime("%Y-%m-%d", time.gmtime(moment))
