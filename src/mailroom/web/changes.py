"""What happens on the server, for the window's event stream: one question a second, and only while somebody looks.

New messages are no events of their own: a busy server would write each twice. The journal's mark has grown instead.
Nor are daemons that start or answer: a number differs then. Samples of the machine come as the job process takes them.
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
LOG_LINES = 200


class Seen(NamedTuple):
    """How far we have told: the last event's id, the journal's mark, the daemons' number, the last sample's time."""

    event: int
    mark: int
    daemons: int
    sampled: float


async def changes(facts: dict[str, str]) -> AsyncIterator[Event]:
    """What is new from now on.

    ("change", {kind, id}) for each event, one for all messages of a second and one for all daemons; and ("sample",
    {time, cpu_percent, ...}) for each sample of the machine.
    """
    seen: Seen | None = None
    while True:
        try:
            seen, found = await asyncio.to_thread(_since, seen)
        except Problem:
            # The job process is being restarted; we go on where we were.
            found = []
        for event in found:
            yield event
        await asyncio.sleep(EVERY_S)


def _since(seen: Seen | None) -> tuple[Seen, list[Event]]:
    """(how far we are now, what is new). Raises Problem; then nothing is missed by asking again."""
    asked: dict[str, Any] = {"event": seen.event, "sampled": seen.sampled} if seen else {}
    told = asking.job("live", **asked)
    found: list[Event] = [("change", event) for event in told["events"]]
    if seen and told["mark"] != seen.mark:
        found.append(("change", {"kind": "message", "id": told["mark"]}))
    if seen and told["daemons"] != seen.daemons:
        found.append(("change", {"kind": "daemon", "id": told["daemons"]}))
    sample = told["sample"]
    if sample:
        found.append(("sample", sample))
    sampled = sample["time"] if sample else seen.sampled if seen else 0.0
    return Seen(told["event"], told["mark"], told["daemons"], sampled), found


async def log_lines(facts: dict[str, str]) -> AsyncIterator[Event]:
    """("lines", {lines: [{time, text}]}) as a daemon writes them into its log, from now on. facts: {key: its id}."""
    after = ""
    while True:
        # The first answer only tells where the log ends now.
        lines = LOG_LINES if after else 1
        try:
            told = await asyncio.to_thread(asking.job, "daemons.log", id=facts["key"], lines=lines, after=after)
        except Problem:
            told = {"lines": [], "after": after}
        if after and told["lines"]:
            yield "lines", {"lines": told["lines"]}
        after = told["after"]
        await asyncio.sleep(EVERY_S)
