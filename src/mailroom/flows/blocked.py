"""Addresses that may send no mail until midnight, because they guess accounts: shown, and let in again (row PO10)."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from typing import Any

from mailroom.core.problems import NotFound
from mailroom.store.events import EventStore
from mailroom.store.guesses import GuessStore

KIND = "signin"
LOOK_EVERY_S = 2.0
# So many are told of at one look; the list has them all.
TOLD_AT_ONCE = 50
EVENTS_READ = 500


class Blocked:
    """What can be asked and done about them. now: seconds since the epoch."""

    def __init__(self, store: GuessStore, events: EventStore, now: Callable[[], float] = time.time) -> None:
        self.store, self.events, self.now = store, events, now
        self.told: set[str] = set()

    def operations(self) -> dict[str, Callable[..., Any]]:
        """For the job process."""
        return {"blocked.list": self.all, "blocked.lift": self.lift}

    def watch(self, stop: threading.Event) -> None:
        """Tell of each block once: the filter, which blocks, can write no events. Works until `stop`."""
        while not stop.is_set():
            self.tell()
            stop.wait(LOOK_EVERY_S)

    def tell(self) -> None:
        """An event for each block of today of which there is none yet."""
        blocks = self.store.blocked(time.strftime("%Y-%m-%d", time.localtime(self.now())))
        marks = {mark: one for one in reversed(blocks) if (mark := _mark(one))}
        if marks and not self.told:
            # After a start: what was told before it.
            self.told = {str(event["facts"].get("block", "")) for event in self.events.newest(EVENTS_READ, KIND)}
        for mark in [mark for mark in marks if mark not in self.told][:TOLD_AT_ONCE]:
            address, limit = marks[mark]["address"], marks[mark]["accounts"] - 1
            self.events.add(
                KIND,
                f"Blocked {address} until midnight: it wrote to more than {limit} accounts that do not exist.",
                where=address,
                block=mark,
            )
        self.told = {*marks}

    def all(self) -> list[dict[str, Any]]:
        """[{kind: mail, value, failures, until}] as api/bans tells it, newest first. failures: accounts tried."""
        now = time.localtime(self.now())
        midnight = time.mktime((now.tm_year, now.tm_mon, now.tm_mday + 1, 0, 0, 0, 0, 0, -1))
        return [
            {"kind": "mail", "value": one["address"], "failures": one["accounts"], "until": midnight}
            for one in self.store.blocked(time.strftime("%Y-%m-%d", now))
        ]

    def lift(self, address: str, who: str, where: str) -> dict[str, Any]:
        """Let an address send mail again; its guesses are forgotten. Raises NotFound."""
        if not self.store.lift(address):
            raise NotFound(f"{address} is not blocked.", field="value")
        self.events.add("signin", f"Let {address} send mail again.", who=who, where=where)
        return {"unbanned": address}


def _mark(block: dict[str, Any]) -> str:
    """Names a block, "" for one that is of no address: the table is the filter's, and root tells of it."""
    try:
        return f"{ipaddress.ip_network(block['address'])} {float(block['time'])} {int(block['accounts'])}"
    except (ValueError, TypeError):
        return ""
