"""The Server List (guide ch. 9, rows SL01 to SL03): what the machine does, how each function is, what to do next."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Any

from mailroom.core.settings import AllValues
from mailroom.daemons import logs, supervise
from mailroom.daemons.costs import Costs
from mailroom.daemons.order import BY_ID
from mailroom.daemons.states import UP
from mailroom.flows.announced import waits_for_security
from mailroom.flows.definitions_state import with_limited
from mailroom.flows.jobs import Operation
from mailroom.flows.relay import waits_for_relay
from mailroom.flows.server_problems import health, problems
from mailroom.monitor import conditions, machine, queue, volumes
from mailroom.monitor.samples import EVERY_S, History, Sampler
from mailroom.store.events import EventStore

# An end of our own is told by the process that comes after it.
OWN, OWN_WITHIN_S = "job", 60.0
# Counting a busy day takes a while: it is done beside, no more often than this, and only while somebody asks. What was
# counted is told as today's for so many times as long as the counting took, and never for longer than this.
COUNTED_EVERY_S = 5.0
COUNTING_SHARE = 20
WEB, SHELL = "serve", "mailroomctl"
NOTES = {
    (False, True): "Also on because the antivirus engine needs it. Mail is not looked through for spam.",
    (False, False): "Mail is looked through neither for spam nor for viruses.",
}
NO_RATES = {
    "cpu_percent": 0.0,
    "network": {"rx_bytes_s": 0, "tx_bytes_s": 0},
    "disk": {"read_bytes_s": None, "write_bytes_s": None},
}


class ServerList:
    """Watches machine and daemons, and tells of them.

    settings: all values in force; today: today's mail, {received, sent, blocked}; mark: grows with each message;
    definitions: of viruses, as `Definitions.read`.
    """

    def __init__(
        self,
        events: EventStore,
        settings: Callable[[], AllValues],
        today: Callable[[], dict[str, int]],
        mark: Callable[[], int],
        definitions: Callable[[], dict[str, Any]],
    ) -> None:
        self.events, self.settings, self.today, self.mark = events, settings, today, mark
        self.definitions = definitions
        self.sampler, self.history = Sampler(), History()
        self.costs = Costs()
        self.told: dict[str, float] | None = None
        self.counted: tuple[tuple[int, int], dict[str, int]] | None = None
        self.counted_until = 0.0
        self.counts_wanted, self.count_again = False, 0.0

    def operations(self) -> dict[str, Operation]:
        """What can be asked about the server."""
        return {
            "overview": self.overview,
            "machine.history": self.machine_history,
            "live": self.live,
            "daemons.status": self.functions,
            "daemons.restart": self.restart,
            "daemons.log": self.log,
        }

    def watch(self, stop: Event) -> None:
        """Until `stop`: a sample every two seconds, and daemons that ended without being asked are written down."""
        pause_s = EVERY_S
        while not stop.wait(pause_s):
            started = time.monotonic()
            self.look()
            pause_s = max(0.1, EVERY_S - (time.monotonic() - started))

    def look(self) -> None:
        """Once."""
        self.history.add(self.sampler.take())
        daemons = supervise.status()
        self.tell_ends(daemons)
        self.costs.look({daemon["id"]: daemon["pid"] for daemon in daemons if daemon["pid"]})
        if self.counts_wanted and time.monotonic() >= self.count_again:
            self.counts_wanted = False
            self._count()
            self.count_again = time.monotonic() + COUNTED_EVERY_S

    def tell_ends(self, daemons: list[dict[str, Any]]) -> None:
        """Write an event for each end that nobody asked for, once."""
        ends = {daemon["id"]: daemon["ended"] for daemon in daemons if daemon["ended"]}
        if self.told is None:
            self.told = {name: end["time"] for name, end in ends.items()}
            own = ends.get(OWN)
            if not own or time.time() - own["time"] > OWN_WITHIN_S:
                return
            del self.told[OWN]
        for name, end in ends.items():
            if self.told.get(name) != end["time"]:
                self.told[name] = end["time"]
                self.events.add("daemon", _end_told(name, end), daemon=name)

    def functions(self) -> list[dict[str, Any]]:
        """Each daemon's state with what it costs: memory_mb, and cost {memory_mb, highest_mb, measured} or None."""
        return self._functions(self.definitions())

    def _functions(self, definitions: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for daemon in with_limited(supervise.status(), definitions["limited"]):
            cost = self.costs.of(daemon["id"])
            memory = cost["memory_mb"] if cost and daemon["pid"] else 0.0
            found.append({**daemon, "memory_mb": memory, "cost": cost, "note": "", "log_line": _last_words(daemon)})
        return found

    def overview(self) -> dict[str, Any]:
        """All that the page shows but the history."""
        definitions, lasting = self.definitions(), conditions.lasting()
        daemons = self._with_notes(self._functions(definitions))
        room, sample = volumes.volumes(), self.history.newest()
        stuck = queue.length(queues=queue.STUCK) if sample and sample.queue else 0
        waiting = queue.waiting() if stuck else []
        relay = waits_for_relay(self.settings(), [reason for _, reason in waiting]) if waiting else ""
        announced = waits_for_security(self.settings(), waiting) if waiting else ("", "")
        found = problems(daemons, lasting, definitions, room, stuck, time.time(), relay, announced)
        rates: dict[str, Any] = NO_RATES
        if sample:
            rates = {
                "cpu_percent": sample.cpu_percent,
                "network": {"rx_bytes_s": sample.rx_bytes_s, "tx_bytes_s": sample.tx_bytes_s},
                "disk": {"read_bytes_s": sample.disk_read_bytes_s, "write_bytes_s": sample.disk_write_bytes_s},
            }
        return {
            "health": health(found),
            "problems": found,
            "daemons": daemons,
            **rates,
            "memory": machine.memory(),
            "volumes": room,
            "today": self._counts(),
            "queue": sample.queue if sample else 0,
            "antivirus": definitions,
            "conditions": lasting,
        }

    def _counts(self) -> dict[str, int]:
        """Today's mail as of now, or of some seconds ago on a busy day; whoever asks makes it counted beside."""
        self.counts_wanted = True
        if self.counted and time.monotonic() < self.counted_until and self.counted[0][1] == _day():
            return self.counted[1]
        return self._count()

    def _count(self) -> dict[str, int]:
        started, state = time.monotonic(), (self.mark(), _day())
        counts = self.counted[1] if self.counted and self.counted[0] == state else self.today()
        now = time.monotonic()
        self.counted = state, counts
        self.counted_until = now + min(COUNTED_EVERY_S, COUNTING_SHARE * (now - started))
        return counts

    def _with_notes(self, daemons: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The spam filter is shown as on also when only the antivirus engine needs it (row SL03)."""
        values = self.settings()
        key = bool(values["security.spam"]["enabled"]), bool(values["security.antivirus"]["enabled"])
        return [{**daemon, "note": NOTES.get(key, "") if daemon["id"] == "filter" else ""} for daemon in daemons]

    def machine_history(self) -> dict[str, Any]:
        """The last hour, see `History.as_dict`, with memory_total_mb."""
        return {**self.history.as_dict(), "memory_total_mb": machine.memory()["total_mb"]}

    def live(self, event: int | None = None, sampled: float = 0.0, limit: int = 200) -> dict[str, Any]:
        """What is new since: {event, events, mark, daemons, sample}.

        event: the last event's id, None for none yet; sampled: the time of the last sample that was told. `mark` and
        `daemons` are numbers that differ once a message was recorded, a daemon started, answered or ended.
        """
        if event is None:
            newest = self.events.newest(1)
            event, fresh = (newest[0]["id"] if newest else 0), []
        else:
            fresh = self.events.since(event, limit)
        sample = self.history.newest()
        return {
            "event": fresh[-1]["id"] if fresh else event,
            "events": [{"kind": one["kind"], "id": one["id"]} for one in fresh],
            "mark": self.mark(),
            "daemons": supervise.changes(),
            "sample": sample._asdict() if sample and sample.time > sampled else None,
        }

    def restart(self, id: str, who: str, where: str) -> dict[str, Any]:
        """Restart one daemon and wait until it answers. Raises NotFound, DaemonFailed.

        The web process ends only once all it was asked is answered: what the window asks of it cannot be waited for.
        """
        supervise.restart(id, wait=id != WEB or where == SHELL)
        self.events.add("daemon", f"Restarted {id}.", who=who, where=where, daemon=id)
        return {"restarted": id}

    def log(self, id: str, lines: int = 200, after: str = "") -> dict[str, Any]:
        """See `logs.read`. Raises NotFound."""
        return logs.read(id, lines, after)


def _day() -> int:
    return time.localtime().tm_yday


def _last_words(daemon: dict[str, Any]) -> str:
    """What a daemon that does not run as it should has said before it ended."""
    ended = daemon["ended"]
    return logs.last_line(daemon["id"], ended["time"]) if ended and daemon["state"] not in UP else ""


def _end_told(name: str, end: dict[str, Any]) -> str:
    title = BY_ID[name].title
    if end["signal"] == "SIGKILL":
        return f"{title} was killed, by somebody or because memory ran out, and is started again."
    if end["signal"] in supervise.STOPS:
        return f"{title} was stopped from outside and is started again."
    if end["signal"]:
        return f"{title} crashed and is started again."
    return f"{title} ended by itself (exit code {end['exit_code']}) and is started again."
