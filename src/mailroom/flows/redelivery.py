"""After a daemon that delivery needs was started anew: mail that waited goes on at once, and none is there twice.

By itself Postfix would let it wait for minutes; and what was being delivered when Dovecot was killed may be there
already.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mailroom.core.clock import Clock, SystemClock
from mailroom.core.problems import Problem
from mailroom.daemons.shape import DaemonFailed

LOG = logging.getLogger("mailroom.redelivery")
LOOK_EVERY_S = 2.0
# They are asked at each delivery: the mailboxes, who has one, and where other servers are.
NEEDED = ("dovecot", "signin", "resolver")
# A delivery that was under way at the end may have begun this long before.
UNDER_WAY_S = 120.0
SWEPT_EVERY_S = 10.0
SWEPT_FOR_S = 600.0


@dataclass
class Ports:
    """What the story needs of others.

    ready(name): the number of a daemon's process once it has answered, else None. flush(): try all waiting mail again.
    waiting(): how many messages wait. remove_doubles(since): how many second copies it removed. tell(text): an event.
    flush and remove_doubles raise DaemonFailed.
    """

    ready: Callable[[str], int | None]
    flush: Callable[[], None]
    waiting: Callable[[], int]
    remove_doubles: Callable[[float], int]
    tell: Callable[[str], object]


class Redelivery:
    """alive: a file that is touched while all is well; its time tells when that was last so, also after a power cut."""

    def __init__(self, ports: Ports, alive: Path, clock: Clock | None = None) -> None:
        self.ports, self.alive, self.clock = ports, alive, clock or SystemClock()
        self.known: dict[str, int] = {}
        self.since = self.until = self.next_sweep = 0.0

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`."""
        while not stop.wait(LOOK_EVERY_S):
            self.look()

    def look(self) -> None:
        """Once: note that all is well, or that something is new, or go on with what a new start left to do."""
        numbers = {name: number for name in NEEDED if (number := self.ports.ready(name)) is not None}
        if len(numbers) < len(NEEDED):
            return
        try:
            if numbers != self.known:
                self._begin()
                self.known = numbers
            elif self.until:
                self._sweep()
        except DaemonFailed as reason:
            # Postfix or Dovecot is on its way up itself: looked at again in a moment.
            LOG.info("not yet: %s", reason.message)
            return
        with suppress(OSError):
            self.alive.touch()

    def _begin(self) -> None:
        now = self.clock.now()
        if not self.until:
            self.since = self._last_alive() - UNDER_WAY_S
        self.ports.flush()
        self.until, self.next_sweep = now + SWEPT_FOR_S, now + SWEPT_EVERY_S / 2

    def _last_alive(self) -> float:
        try:
            return self.alive.stat().st_mtime
        except OSError:
            return self.clock.now()

    def _sweep(self) -> None:
        """Until one sweep has followed the end of waiting, or it has been long enough."""
        now = self.clock.now()
        if now < self.next_sweep:
            return
        over = self.ports.waiting() == 0 or now > self.until
        removed = self.ports.remove_doubles(self.since)
        if removed:
            with suppress(Problem):
                self.ports.tell(
                    f"Removed {removed} second copies of mail that was being delivered when a service ended."
                )
        self.until = 0.0 if over else self.until
        self.next_sweep = now + SWEPT_EVERY_S
