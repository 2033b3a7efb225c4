"""Mail that waited for the mailboxes goes on as soon as they are back: by itself it would wait for minutes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from mailroom.daemons.shape import DaemonFailed

LOG = logging.getLogger("mailroom.redelivery")
LOOK_EVERY_S = 2.0
# Both are asked at each delivery: the mailboxes, and who has one.
NEEDED = ("dovecot", "signin")


class Redelivery:
    """Looks whether a daemon that delivery needs was started anew.

    ready(name): the number of the daemon's process once it has answered, else None. flush(): try all waiting mail again
    (postqueue(1), -f); raises DaemonFailed.
    """

    def __init__(self, ready: Callable[[str], int | None], flush: Callable[[], None]) -> None:
        self.ready, self.flush = ready, flush
        self.known: dict[str, int] = {}

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`."""
        while not stop.wait(LOOK_EVERY_S):
            self.look()

    def look(self) -> bool:
        """Try waiting mail again when all that it needs answers and some of it is new; whether that was so."""
        numbers = {name: number for name in NEEDED if (number := self.ready(name)) is not None}
        if len(numbers) < len(NEEDED) or numbers == self.known:
            return False
        try:
            self.flush()
        except DaemonFailed as reason:
            # Postfix is on its way up itself: looked at again in a moment.
            LOG.info("waiting mail is not tried yet: %s", reason.message)
            return False
        self.known = numbers
        return True
