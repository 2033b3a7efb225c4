"""Addresses that may send no mail until midnight, because they guess accounts: shown, and let in again (row PO10)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from mailroom.core.problems import NotFound
from mailroom.store.events import EventStore
from mailroom.store.guesses import GuessStore


class Blocked:
    """What can be asked and done about them. now: seconds since the epoch."""

    def __init__(self, store: GuessStore, events: EventStore, now: Callable[[], float] = time.time) -> None:
        self.store, self.events, self.now = store, events, now

    def operations(self) -> dict[str, Callable[..., Any]]:
        """For the job process."""
        return {"blocked.list": self.all, "blocked.lift": self.lift}

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
