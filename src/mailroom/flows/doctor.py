"""The deliverability check: everything on which it depends whether mail comes in and goes out (guide ch. 2, row CL08).

All is looked at beside each other within a fixed time, on demand and once a day. Whatever could not be found out is
told so. A result is kept; what has changed since the one before is an event, and problems are told in Server List.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from mailroom.core.pages.mail_delivery_general import is_set_up
from mailroom.core.problems import NotFound
from mailroom.core.settings import AllValues
from mailroom.filtering import conditions
from mailroom.flows import (
    doctor_certificate,
    doctor_dns,
    doctor_domains,
    doctor_lists,
    doctor_machine,
    doctor_ports,
    doctor_sts,
)
from mailroom.flows.doctor_shape import ORDER, Item, Outside, item, relayed
from mailroom.flows.jobs import Operation
from mailroom.store.checks import CheckStore
from mailroom.store.events import EventStore

LOG = logging.getLogger("mailroom.doctor")
CONDITION = "deliverability"
EVERY_S = 24 * 3600.0
# A server that has just started is looked at when everything runs and records that were just entered have spread.
FIRST_AFTER_S = 3600.0
LOOK_EVERY_S = 300.0
STATES = ("problem", "advice", "unknown", "not_set_up", "right")


class Doctor:
    """Looks, remembers, tells.

    values: all settings in force. report, clear: the condition that Server List shows.
    """

    def __init__(
        self,
        store: CheckStore,
        events: EventStore,
        values: Callable[[], AllValues],
        outside: Outside | None = None,
        report: Callable[..., None] = conditions.report,
        clear: Callable[[str], None] = conditions.clear,
    ) -> None:
        self.store, self.events, self.values = store, events, values
        self.outside = outside or Outside()
        self.report, self.clear = report, clear
        self.turn = threading.Lock()
        self.runs = 0

    def operations(self) -> dict[str, Operation]:
        """What can be asked about the check."""
        return {"check.doctor": self.last, "check.doctor_run": self.run, "check.doctor_history": self.history}

    def last(self) -> dict[str, Any]:
        """The last result, see run(). Raises NotFound before the first."""
        if not (found := self.store.newest()):
            raise NotFound("Deliverability has not been checked yet.", code="not_checked", next="Check it now.")
        return found[0]

    def history(self) -> list[dict[str, Any]]:
        """[{time, counts, changed: [{id, title, domain, state}]}] of the results that are kept, newest first."""
        found = self.store.newest(1000)
        before = [*found[1:], {"items": []}][: len(found)]
        return [
            {
                "time": now["time"],
                "counts": now["counts"],
                "changed": [
                    {**{name: one[name] for name in ("id", "title", "state")}, "domain": one.get("domain", "")}
                    for one in _changed(then["items"], now["items"])
                ],
            }
            for now, then in zip(found, before, strict=True)
        ]

    def run(self) -> dict[str, Any]:
        """Look at everything now: {time, seconds, domain, hostname, address, counts: {state: how many}, items}.

        Whoever asks while somebody else's check is under way gets that one's result.
        """
        known = self.runs
        with self.turn:
            if self.runs != known:
                return self.last()
            result = self._run()
            self.runs += 1
            return result

    def _run(self) -> dict[str, Any]:
        began, now = self.outside.clock.elapsed(), self.outside.clock.now()
        values = self.values()
        former = (self.store.newest() or [{"items": []}])[0]["items"]
        facts, found = examine(values, self.outside)
        items = [_remembered(one.as_dict(), former, now) for one in found]
        result = {
            "time": now,
            "seconds": round(self.outside.clock.elapsed() - began, 1),
            **facts,
            "counts": {state: sum(one["state"] == state for one in items) for state in STATES},
            "items": items,
        }
        self.store.add(now, result)
        self._tell(former, items)
        return result

    def _tell(self, former: list[dict[str, Any]], items: list[dict[str, Any]]) -> None:
        for one in _changed(former, items):
            self.events.add("check", f"{one['title']}: {one['text']}", state=one["state"], look=one["id"])
        before = {one["id"] for one in former if one["state"] == "problem"}
        self.show(items, fresh={one["id"] for one in items if one["state"] == "problem"} != before)

    def show(self, items: list[dict[str, Any]], *, fresh: bool) -> None:
        """Have Server List say what is wrong. fresh: it is not what was wrong before."""
        problems = [one for one in items if one["state"] == "problem"]
        if fresh or not problems:
            self.clear(CONDITION)
        if problems:
            self.report(
                CONDITION,
                "Mail may stay away or be refused by others",
                " ".join(one["text"] for one in problems[:3]),
                "The deliverability check tells each thing and what to do.",
                go="server_management/check",
                severity="attention",
            )

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: once a day, as long as that is wished for."""
        began = self.outside.clock.now()
        if found := self.store.newest():
            # What was wrong when the machine went off is wrong until somebody has looked again.
            self.show(found[0]["items"], fresh=False)
        while not stop.wait(LOOK_EVERY_S):
            if self.is_due(began):
                self.run()

    def is_due(self, began: float) -> bool:
        """Whether it is time to look by ourselves. began: when this process did."""
        values, now = self.values(), self.outside.clock.now()
        if not values["server_management.check_options"]["daily"]:
            return False
        if not is_set_up(values["mail_delivery.general"]["domain"]):
            return False
        last = self.store.newest()
        if not last:
            return now - began >= FIRST_AFTER_S
        # A clock that was put back must not keep us from looking for years.
        return not 0 <= now - last[0]["time"] < EVERY_S


def examine(values: AllValues, outside: Outside) -> tuple[dict[str, Any], list[Item]]:
    """(domain, hostname, address; all items in order). Raises nothing; bounded by the limits of its parts."""
    with ThreadPoolExecutor(8) as pool:

        def start(id: str, work: Callable[..., Any], *arguments: Any) -> Any:
            return pool.submit(_safely, id, work, values, outside, *arguments)

        records = pool.submit(doctor_dns.check, values, outside)
        early = [
            start("port_out", doctor_ports.outward),
            start("certificate", doctor_certificate.look),
            start("protocols", doctor_machine.protocols),
            start("sign_in", doctor_machine.sign_in),
            start("clock", doctor_machine.clock),
            start("mx", doctor_domains.look),
        ]
        facts = _facts(values, records)
        later = [
            start("port_in", doctor_ports.inward, facts["hostname"], facts["address"]),
            start("lists", doctor_lists.look, facts["address"]),
        ]
        if "records" in facts:
            later.append(start("mx", doctor_dns.look, facts))
            later.append(start("mta_sts", doctor_sts.look, facts))
        found = [one for work in (*early, *later) for one in work.result()]
    missing = [one.id for one in ORDER if one.always and one.id not in {done.look for done in found if not done.domain}]
    found += [item(id, "broken") for id in missing]
    ordered = sorted(found, key=_place([one.domain for one in found]))
    if relayed(values):
        ordered = [replace(one, state="advice") if _is_of_address(one) else one for one in ordered]
    return {name: facts[name] for name in ("domain", "hostname", "address")}, ordered


def _place(domains: list[str]) -> Callable[[Item], tuple[int, int]]:
    """Where an item stands: the server and the main domain first, then each additional domain by itself."""
    looks, others = [one.id for one in ORDER], list(dict.fromkeys(["", *domains]))
    return lambda one: (others.index(one.domain), looks.index(one.look))


def _is_of_address(one: Item) -> bool:
    """Whether it only spoils mail that goes out directly from our own address."""
    return one.state == "problem" and one.look in ("ptr", "lists")


def _facts(values: AllValues, records: Any) -> dict[str, Any]:
    """What the name servers said; only the names when that failed."""
    try:
        return dict(records.result())
    except Exception:
        LOG.exception("the records could not be looked at")
        general = values["mail_delivery.general"]
        address = values["service.interface"]["public_address"]
        return {"domain": general["domain"], "hostname": general["hostname"], "address": address}


def _safely(id: str, work: Callable[..., Item | Iterable[Item]], *arguments: Any) -> list[Item]:
    """What one part has found; what fails inside of it is told, and takes nothing from the others."""
    try:
        found = work(*arguments)
    except Exception:
        LOG.exception("%s could not be looked at", id)
        return [item(id, "broken")]
    return [found] if isinstance(found, Item) else list(found)


def _remembered(one: dict[str, Any], former: list[dict[str, Any]], now: float) -> dict[str, Any]:
    """An item with since when it is so, and as what it was last known: a day without an answer forgets nothing."""
    then = next((other for other in former if other["id"] == one["id"]), None)
    same = then is not None and (then["state"], then["code"]) == (one["state"], one["code"])
    known = one["state"] if one["state"] != "unknown" else then["known"] if then else ""
    return {**one, "since": then["since"] if then and same else now, "known": known}


def _changed(former: list[dict[str, Any]], items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items that were known to be otherwise; what could not be found out for a while has not changed."""
    known = {one["id"]: one["known"] for one in former}
    return [one for one in items if known.get(one["id"]) and one["known"] != known[one["id"]]]
