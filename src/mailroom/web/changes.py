"""What happens on the server, for the window's event stream: one question a second, and only while somebody looks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from mailroom.core.problems import Problem
from mailroom.web import asking
from mailroom.web.streams import Event

LOG = logging.getLogger("mailroom.web.changes")
EVERY_S = 1.0
AT_ONCE_MAX = 200


async def changes(facts: dict[str, str]) -> AsyncIterator[Event]:
    """("change", {kind, id}) for each event from now on."""
    last: int | None = None
    while True:
        try:
            last, found = await asyncio.to_thread(_since, last)
        except Problem:
            # The job process is being restarted; we go on where we were.
            found = []
        for event in found:
            yield "change", {"kind": event["kind"], "id": event["id"]}
        await asyncio.sleep(EVERY_S)


def _since(last: int | None) -> tuple[int, list[dict[str, Any]]]:
    if last is None:
        newest = asking.job("events.newest", limit=1)
        return (newest[0]["id"] if newest else 0), []
    found = asking.job("events.since", last=last, limit=AT_ONCE_MAX)
    return (found[-1]["id"] if found else last), found
