"""What the set-up keeps on the disk: the answers so far, and the job under way. Each is there wholly or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mailroom.core import durable, paths
from mailroom.core.problems import Unavailable

FOLDER = paths.DATA / "setup"


class Note:
    """One note, a JSON object in a file of its own."""

    def __init__(self, name: str, folder: Path = FOLDER) -> None:
        self.file = folder / f"{name}.json"

    def read(self) -> dict[str, Any] | None:
        """The note, None when there is none that can be read."""
        try:
            found = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, facts: dict[str, Any]) -> None:
        """Keep it; on disk before this returns. Raises Unavailable."""
        try:
            self.file.parent.mkdir(mode=0o700, exist_ok=True)
            durable.replace(self.file, json.dumps(facts))
        except OSError as reason:
            raise Unavailable(
                f"The answers cannot be kept ({reason.strerror}).", code="disk", next="Look whether the volume is full."
            ) from reason

    def forget(self) -> None:
        """Away with it."""
        self.file.unlink(missing_ok=True)
