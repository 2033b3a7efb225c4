"""Files that are there wholly or not at all, also after a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def replace(file: Path, text: str) -> None:
    """Put `text` in the place of what `file` holds, in one step; its bytes are on disk before. Raises OSError."""
    fresh = file.with_suffix(".new")
    # What a killed process has left, or a link that somebody else has put there.
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(handle, "w") as out:
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
