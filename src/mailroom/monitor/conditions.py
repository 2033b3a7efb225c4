"""Conditions that parts of ours report: a file each while it lasts, e.g. "clamav does not answer"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mailroom.core import paths


def lasting(folder: Path = paths.CONDITIONS) -> list[dict[str, Any]]:
    """Every condition that lasts, oldest first: {id, title, text, next, since}."""
    found = []
    for file in folder.glob("*.json"):
        try:
            found.append({"id": file.stem, **json.loads(file.read_text())})
        except (OSError, ValueError):
            continue
    return sorted(found, key=lambda condition: condition.get("since", 0))
