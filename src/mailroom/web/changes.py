"""What happens on the server, for the window's event stream: two questions a second, and only while somebody looks.

New messages are no events of their own: a busy server would write each twice. The journal's mark has grown instead.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from mailroom.core.problems import Problem
from mailroom.web import asking
from mailroom.web.streams import Event

LOG = logging.getLogger("mailroom.web.changes")
EVERY_S = 1.0
AT_ONCE_MAX = 200


class Seen(NamedTuple):
    """How far we have told: the last event's id, the journal's mark."""

    event: int
    mark: int


async def changes(facts: dict[str, str]) -> AsyncIterator[Event]:
    """("change", {kind, id}) for each event from now on, and one for all messages of a second."""
    seen: Seen | None = None
    while True:
        try:
            seen, found = await asyncio.to_thread(_since, seen)
        except Problem:
            # The job process is being restarted; we go on where we were.
            found = []
        for told in found:
            yield "change", told
        await asyncio.sleep(EVERY_S)


def _since(seen: Seen | None) -> tuple[Seen, list[dict[str, Any]]]:
    """(how far we are now, what is new). Raises Problem; then nothing is missed by asking again."""
    mark = asking.job("messages.mark")
    if seen is None:
        newest = asking.job("events.newest", limit=1)
        return Seen(newest[0]["id"] if newest else 0, mark), []
    events = asking.job("events.since", last=seen.event, limit=AT_ONCE_MAX)
    found = [{"kind": event["kind"], "id": event["id"]} for event in events]
    if mark != seen.mark:
        found.append({"kind": "message", "id": mark})
    return Seen(events[-1]["id"] if events else seen.event, mark), found
