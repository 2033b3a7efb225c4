"""Mail Delivery > Daily Quota > Outbound Usage: who has sent how much to others, and counting anew (DQ03, DQ04)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from mailroom.core.problems import Invalid, NotFound
from mailroom.core.settings import AllValues
from mailroom.store.events import EventStore
from mailroom.store.usage import UsageStore

PAGE = "mail_delivery.daily_quota"
KIND = "quota"
SORTS = ("user", "messages", "bytes", "since", "until")
LIMIT_MAX = 1_000
MB = 1024 * 1024


class OutboundUsage:
    """What can be asked and done about it. settings: those in force. now: seconds since the epoch."""

    def __init__(
        self,
        store: UsageStore,
        events: EventStore,
        settings: Callable[[], AllValues],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.events, self.settings, self.now = store, events, settings, now

    def operations(self) -> dict[str, Callable[..., Any]]:
        """For the job process."""
        return {"usage.list": self.listing, "usage.clear": self.clear, "usage.clear_all": self.clear_all}

    def listing(self, search: str = "", sort: str = "user", offset: int = 0, limit: int = 100) -> dict[str, Any]:
        """{total, limits: {messages, bytes}, users: [{user, messages, bytes, since, until}]}. Raises Invalid.

        search: part of a user's name. sort: a column, "-" before it to turn it round. A limit that is off is null.
        """
        column = sort.removeprefix("-")
        if column not in SORTS:
            raise Invalid(f"There is no column {column!r}.", field="sort", next=f"Use one of {', '.join(SORTS)}.")
        sought = search.strip().casefold()
        found: list[dict[str, Any]] = [
            {"user": user, "messages": one.messages, "bytes": one.bytes, "since": one.since, "until": one.until}
            for user, one in sorted(self.store.all(self.now()).items())
            if sought in user.casefold()
        ]
        found.sort(key=lambda one: one[column], reverse=sort.startswith("-"))
        first = max(0, offset)
        rows = found[first : first + max(0, min(limit, LIMIT_MAX))]
        return {"total": len(found), "limits": self._limits(), "users": rows}

    def clear(self, user: str, who: str, where: str) -> dict[str, Any]:
        """Count a user's outbound mail anew. Raises NotFound."""
        if not self.store.clear(user):
            raise NotFound(f"Nothing is counted for {user}.", field="user", next="Load the list again.")
        self.events.add(KIND, f"Cleared the outbound usage of {user}.", who=who, where=where, user=user)
        return {"cleared": user}

    def clear_all(self, who: str, where: str) -> dict[str, Any]:
        """Count everybody's outbound mail anew."""
        users = self.store.clear_all()
        self.events.add(KIND, f"Cleared the outbound usage of all users ({users}).", who=who, where=where)
        return {"cleared": users}

    def _limits(self) -> dict[str, int | None]:
        page = self.settings()[PAGE]
        return {
            "messages": page["messages"] if page["limit_messages"] else None,
            "bytes": page["volume_mb"] * MB if page["limit_volume"] else None,
        }
