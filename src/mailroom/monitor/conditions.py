"""Conditions that parts of ours report: a file each while it lasts, e.g. "clamav does not answer"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mailroom.core import paths, root_files

BYTES_MAX = 16 * 1024
TEXTS = ("title", "text", "next")


def lasting(*folders: Path) -> list[dict[str, Any]]:
    """Every condition that lasts, oldest first: {id, title, text, next, since}. What is no such note is left out."""
    found = []
    for folder in folders or (paths.CONDITIONS, paths.FILTER_CONDITIONS):
        for file in folder.glob("*.json"):
            try:
                # The filter writes in one of the folders, and root reads.
                note = json.loads(root_files.read(file, BYTES_MAX))
                if all(isinstance(note[name], str) for name in TEXTS) and isinstance(note["since"], int | float):
                    found.append({**note, "id": file.stem})
            except (OSError, ValueError, KeyError, TypeError):
                continue
    return sorted(found, key=lambda condition: float(condition["since"]))
