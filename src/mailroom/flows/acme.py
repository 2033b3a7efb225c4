"""The story of a certificate that is got by itself: due, asked for, proved, put in force, renewed in time.

Due when the one in force is not from this authority, lacks a name, or has a third of its life left. Who is refused asks
again after one hour, two, four, at most a day, or when the authority says so; at once when somebody changes settings.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mailroom.core import durable, paths
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.problems import Invalid, Problem, cause
from mailroom.core.settings import AllValues
from mailroom.filtering import conditions
from mailroom.flows import own_policy
from mailroom.flows.certificate import KIND, Certificates, hostname_of
from mailroom.flows.jobs import Operation
from mailroom.flows.setting import Author, Settings
from mailroom.tls import account, served
from mailroom.tls.acme import RATE_LIMITED, Acme, AcmeFailed
from mailroom.tls.brought import Files, read
from mailroom.tls.chain import joined
from mailroom.tls.challenge import Listener

PAGE, SOURCE, CONDITION = "service.acme", "acme", "acme"
NOTE = paths.TLS / "acme.json"
OURSELVES = "Mailroom"
LOOK_EVERY_S = 10.0
AGAIN_S, AGAIN_MAX_S = 3_600.0, 86_400.0
# Let's Encrypt takes no more.
NAMES_MAX = 100
REACH = "Port 80 of this name must lead from the Internet to port {port} of this NAS; look at router and DNS."
Obtain = Callable[[str, Callable[[dict[str, str]], None], list[str], str], tuple[bytes, bytes]]


def obtain(directory: str, publish: Callable[[dict[str, str]], None], names: list[str], email: str) -> Any:
    """(key, chain) from a real authority. Raises AcmeFailed."""
    try:
        key = account.key()
    except (OSError, ValueError) as reason:
        raise AcmeFailed(f"The key of the account cannot be used ({cause(reason)}).") from reason
    return Acme(directory, key, publish).obtain(names, email)


class Renewal:
    """Gets certificates. ask: how an authority is asked; listen: makes what answers it; note: what we remember."""

    def __init__(
        self,
        settings: Settings,
        certificates: Certificates,
        note: Path = NOTE,
        clock: Clock | None = None,
        ask: Obtain = obtain,
        listen: Callable[[Iterable[str], int], Listener] = Listener,
        report: Callable[..., None] = conditions.report,
        clear: Callable[[str], None] = conditions.clear,
    ) -> None:
        self.settings, self.certificates, self.note = settings, certificates, note
        self.clock, self.ask, self.listen = clock or SystemClock(), ask, listen
        self.report, self.clear = report, clear
        self.turn = threading.Lock()
        certificates.guards.append(self.refuse_by_hand)

    def operations(self) -> dict[str, Operation]:
        """What the job process can be asked."""
        return {"acme.read": self.read, "acme.get": self.get}

    def read(self) -> dict[str, Any]:
        """{enabled, names, due, tried, ok, text, next, failures}; times in seconds since the epoch, 0 for never.

        due: when the next one is asked for; tried, ok, text, next: the last time, and what to do about it.
        """
        values, told = self.settings.values(), self._told()
        return {
            "enabled": values["service.acme"]["enabled"],
            "names": names_of(values),
            "due": self.due(values) or 0.0,
            **{name: told[name] for name in ("tried", "ok", "text", "next", "failures")},
        }

    def refuse_by_hand(self) -> None:
        """A guard of Certificates. Raises Invalid: what is brought would be replaced within seconds."""
        if self.settings.values()["service.acme"]["enabled"]:
            raise Invalid(
                "The certificate is got and renewed by itself.",
                code="acme_enabled",
                next="Switch that off in Service > Let's Encrypt to use another one.",
            )

    def due(self, values: AllValues) -> float | None:
        """When one is to be asked for; None when that is not wanted."""
        if not values["service.acme"]["enabled"]:
            return None
        told, when = self._told(), self.clock.now()
        entry = self.certificates.kept.current()
        if entry and entry.note.get("source") == SOURCE and entry.note.get("asked") == asked_of(values):
            found = served.of_file(entry.chain)
            when = found.ends - (found.ends - found.begins) / 3
        if told["failures"] and told["asked"] == asked_of(values):
            when = max(when, told["again"])
        return when

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: ask whenever one is due."""
        while not stop.is_set():
            self.look()
            stop.wait(LOOK_EVERY_S)

    def look(self) -> None:
        """Once."""
        due = self.due(self.settings.values())
        if due is None:
            self.clear(CONDITION)
        elif due <= self.clock.now():
            try:
                self.get()
            except Problem:
                # It is told as an event and in Server List.
                return

    def get(self, who: str = OURSELVES, where: str = "") -> dict[str, Any]:
        """Ask for one now and put it in force; answers as `read`. Raises Invalid, AcmeFailed, ApplyFailed."""
        with self.turn:
            values = self.settings.values()
            if not values["service.acme"]["enabled"]:
                raise Invalid("Switch this on first, and apply it.", field="enabled")
            try:
                self._get(values, Author(who, where))
            except Problem as reason:
                self._failed(values, reason, Author(who, where))
                raise
            self._remember(asked=asked_of(values), tried=self.clock.now(), ok=True)
            self.clear(CONDITION)
        return self.read()

    def _get(self, values: AllValues, author: Author) -> None:
        port = values["service.acme"]["port"]
        addresses = self.settings.facts_for(values).listen()
        directory, email = values["service.acme"]["directory"], values["service.acme"]["email"]
        try:
            with self.listen(addresses, port) as listener:
                key, chain = self.ask(directory, listener.publish, names_of(values), email)
        except OSError as reason:
            raise AcmeFailed(f"Port {port} cannot be listened on ({cause(reason)}).") from reason
        pair = joined(*read(Files(chain, key)), self.clock.now(), complete=False)
        self.certificates.take(pair, SOURCE, author, asked=asked_of(values))

    def _failed(self, values: AllValues, reason: Problem, author: Author) -> None:
        """Remember when to ask again, and tell."""
        told, asked, now = self._told(), asked_of(values), self.clock.now()
        failures = 1 + (told["failures"] if told["asked"] == asked else 0)
        wait_s = min(AGAIN_S * 2 ** min(failures - 1, 10), AGAIN_MAX_S)
        if isinstance(reason, AcmeFailed):
            wait_s = max(wait_s, reason.retry_after_s, AGAIN_MAX_S if reason.kind == RATE_LIMITED else 0.0)
        step = reason.next or ""
        if isinstance(reason, AcmeFailed) and reason.kind == "unauthorized":
            step = REACH.format(port=values["service.acme"]["port"])
        facts = {"text": reason.message, "next": step, "failures": failures, "again": now + wait_s}
        self._remember(asked=asked, tried=now, ok=False, **facts)
        text = f"No certificate was got: {reason.message}"
        self.settings.events.add(KIND, text, who=author.who, where=author.where, failures=failures)
        self.clear(CONDITION)
        title, tried = "No certificate could be got", "It is tried again by itself."
        self.report(CONDITION, title, reason.message, step or tried, go="service/acme", severity="attention")

    def _told(self) -> dict[str, Any]:
        usual = {"asked": None, "tried": 0.0, "ok": False, "text": "", "next": "", "failures": 0, "again": 0.0}
        try:
            return {**usual, **json.loads(self.note.read_text())}
        except (OSError, ValueError):
            return usual

    def _remember(self, **facts: Any) -> None:
        durable.replace(self.note, json.dumps(facts))


def names_of(values: AllValues) -> list[str]:
    """The mail server's name, then the further ones, then the hosts of MTA-STS as far as a certificate has room."""
    policies = own_policy.hosts(values) if values["service.acme"]["mta_sts"] else []
    named = dict.fromkeys([hostname_of(values).lower(), *values["service.acme"]["names"], *policies])
    return list(named)[:NAMES_MAX]


def asked_of(values: AllValues) -> list[Any]:
    """What is asked of whom: another certificate is due when it changes."""
    return [values["service.acme"]["directory"], *names_of(values)]
