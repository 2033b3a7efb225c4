"""Conditions come and go also while no mail does: scanners that answer again, disks with room again."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from mailroom.core import paths
from mailroom.filtering import conditions
from mailroom.filtering.checks import disk_room
from mailroom.filtering.order import SCANNERS
from mailroom.filtering.rules import Rules

PERIOD_S = 3.0
QUEUE = "disk-queue"
FOLDERS = {"disk-journal": paths.RECORDS, "disk-quarantine": paths.QUARANTINE}
TRIED_BYTES = 256 * 1024


async def watch(rules: Callable[[], Rules]) -> None:
    """Look at what is reported, again and again, until cancelled. Costs some file look-ups while all is well."""
    while True:
        await look(rules())
        await asyncio.sleep(PERIOD_S)


async def look(rules: Rules) -> None:
    """Clear what is over; report a volume that is too full for the queue, of which no message tells us."""
    for check in SCANNERS:
        scanner = check.SCANNER
        if conditions.lasts(scanner.id) and (not check.wanted(rules) or await scanner.serves()):
            conditions.clear(scanner.id)
    for id, folder in FOLDERS.items():
        if conditions.lasts(id) and takes(folder):
            conditions.clear(id)
    if disk_room.is_full(rules):
        conditions.report(QUEUE, "The volume is full", conditions.DISK_TEXT, conditions.DISK_NEXT)
    elif conditions.lasts(QUEUE):
        conditions.clear(QUEUE)


def takes(folder: Path) -> bool:
    """Whether the disk takes a small file there."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            return file.write(b"\0" * TRIED_BYTES) == TRIED_BYTES
    except OSError:
        return False
