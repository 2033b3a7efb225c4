"""Before a certificate ends somebody is told: an event at 30, 14, 7 and 1 days, and a problem in Server List."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mailroom.core.clock import Clock, day
from mailroom.filtering import conditions
from mailroom.flows.certificate_words import DAY_S, days_left
from mailroom.store.events import EventStore
from mailroom.tls import served
from mailroom.tls.kept import Kept

CONDITION = "certificate"
LOOK_EVERY_S = 600.0
# Days that are left when it is told; 0 is once it has ended.
TOLD_AT = (30, 14, 7, 1, 0)
URGENT_DAYS = 7


class Watch:
    """Looks at the certificate in force. report, clear: the condition that Server List shows."""

    def __init__(
        self,
        kept: Kept,
        events: EventStore,
        clock: Clock,
        report: Callable[..., None] = conditions.report,
        clear: Callable[[str], None] = conditions.clear,
    ) -> None:
        self.kept, self.events, self.clock = kept, events, clock
        self.report, self.clear = report, clear
        self.shown: tuple[str, int] | None = None
        self.turn = threading.Lock()

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`."""
        while not stop.is_set():
            self.look()
            stop.wait(LOOK_EVERY_S)

    def look(self) -> None:
        """Once: tell what has not been told of this certificate yet, and have Server List show how it is."""
        with self.turn:
            self._look()

    def _look(self) -> None:
        entry = self.kept.current()
        if entry is None:
            return
        found = served.of_file(entry.chain)
        days = days_left(found, self.clock.now())
        # One that lives for weeks only is renewed late in its life: its last third is what counts. One that we renew
        # ourselves in that third is told of when that has failed for a while.
        share = 6 if entry.note.get("source") == "acme" else 3
        life_days = (found.ends - found.begins) / DAY_S
        due = [at for at in TOLD_AT if (days < 0 if at == 0 else days <= at) and at <= max(1.0, life_days / share)]
        self._show(entry.id, found, days, bool(due))
        if due and min(due) < entry.note.get("warned", max(TOLD_AT) + 1):
            self.events.add("certificate", _sentence(found, days), names=list(found.names))
            self.kept.remember(entry, warned=min(due))

    def _show(self, id: str, found: served.Certificate, days: int, due: bool) -> None:
        if (id, days) == self.shown:
            return
        self.clear(CONDITION)
        self.shown = id, days
        if due:
            self.report(
                CONDITION,
                "The certificate has ended" if days < 0 else "The certificate ends soon",
                _sentence(found, days),
                "Get a new one and put it in force.",
                go="service/certificate",
                severity="problem" if days <= URGENT_DAYS else "attention",
            )


def _sentence(found: served.Certificate, days: int) -> str:
    date = day(found.ends)
    if days < 0:
        return f"The certificate ended on {date}: mail programs warn or refuse to connect."
    return f"The certificate ends on {date}, in {days} days. Mail programs will then warn or refuse to connect."
