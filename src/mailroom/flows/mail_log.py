"""The one follower of Postfix's and Dovecot's logs: states of messages, and what Postfix has refused by itself.

How far each log was read is kept with what it told (store/deliveries.py): a restart or a kill loses and repeats nothing
of the states. Refusals are told to the filter only while they are fresh, once at most (decision 0031).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from mailroom.core import paths
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.deliveries import Event
from mailroom.daemons import log_follower, logs
from mailroom.flows import early_refusals
from mailroom.monitor import mail_log, queue
from mailroom.store.deliveries import DeliveryStore

LOG = logging.getLogger("mailroom.mail_log")
EVERY_S = 1.0
FORGET_EVERY_S = 3_600.0
# Older refusals were logged while the job process did not run.
FRESH_S = 60.0
Line = tuple[float, str]
READERS: dict[str, Callable[[list[Line]], list[Event]]] = {
    "postfix": mail_log.postfix_events,
    "dovecot": mail_log.dovecot_events,
}


class MailLog:
    """tell_filter: of a refusal. oldest: time of the oldest record of a message, None when there is none."""

    def __init__(
        self,
        store: DeliveryStore,
        oldest: Callable[[], float | None],
        tell_filter: Callable[[early_refusals.Refusal], None] = early_refusals.tell,
        folder: Path = paths.LOG,
        spool: Path = paths.QUEUE,
        clock: Clock | None = None,
    ) -> None:
        self.store, self.oldest, self.tell_filter = store, oldest, tell_filter
        self.folder, self.spool, self.clock = folder, spool, clock or SystemClock()
        self.refusals = early_refusals.Reader()
        self.forget_again = 0.0

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`."""
        while not stop.wait(EVERY_S):
            self.look(stop.is_set)

    def look(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Read all that has come, piece by piece."""
        for name in READERS:
            while self._read(name) and not stopped():
                pass
        if self.clock.elapsed() >= self.forget_again:
            self.forget_again = self.clock.elapsed() + FORGET_EVERY_S
            if (oldest := self.oldest()) is not None:
                self.store.forget(oldest)

    def _read(self, name: str) -> bool:
        """One piece of a log; whether there was one."""
        former = self.store.position(name)
        piece = log_follower.follow(self.folder / name, former)
        if piece.position == former and not piece.lost:
            return False
        lines = [(line["time"], line["text"]) for line in logs.lines_of(piece.text) if line["time"] is not None]
        if piece.lost and name == "postfix":
            self._lost(lines)
        self.store.add(name, READERS[name](lines), piece.position)
        if name == "postfix":
            self._refused(lines)
        return bool(piece.text)

    def _lost(self, lines: list[Line]) -> None:
        """Lines were removed before they were read: it is not made up what they told."""
        resumed = lines[0][0] if lines else self.clock.now()
        count = self.store.give_up(resumed, lambda queue_id: queue.holds(queue_id, self.spool))
        LOG.warning("lines of the log of Postfix were lost; the fate of %d messages is not known", count)

    def _refused(self, lines: list[Line]) -> None:
        fresh = [text for when, text in lines if when > self.clock.now() - FRESH_S]
        for refusal in self.refusals.refusals(fresh)[: early_refusals.AT_ONCE_MAX]:
            try:
                self.tell_filter(refusal)
            except TimeoutError:
                # One that hangs would hold up the states of all messages for each of them.
                LOG.warning("the filter does not answer; refusals of this piece of the log have no record")
                return
            except OSError as reason:
                LOG.warning("the filter could not be told of a refusal: %s", reason)
