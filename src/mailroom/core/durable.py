"""Files that are there wholly or not at all, also after a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def replace(file: Path, text: str) -> None:
    """Put `text` in the place of what `file` holds, in one step; its bytes are on disk before. Raises OSError."""
    fresh = file.with_suffix(".new")
    with fresh.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def sync_folder(folder: Path) -> None:
    """The names in `folder` as they are now are on disk before this returns. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
