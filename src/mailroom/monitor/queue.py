"""How many messages wait in Postfix's queue (postqueue(1) counts the same files)."""

from __future__ import annotations

import os
from pathlib import Path

from mailroom.core import paths

WAITING = ("incoming", "active", "deferred", "hold", "maildrop")


def length(spool: Path = paths.QUEUE) -> int:
    """Messages in all queues together."""
    return sum(len(files) for name in WAITING for _, _, files in os.walk(spool / name))
