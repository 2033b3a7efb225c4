"""The key under which passwords are marked, so that a changed one is seen (accounts/sources/local.py)."""

from __future__ import annotations

import os
from pathlib import Path

KEY_BYTES = 32


def read(file: Path) -> bytes:
    """The key in `file`, made when there is none; b"" when the disk refuses it, and then nothing is marked."""
    try:
        key = file.read_bytes()
        if len(key) == KEY_BYTES:
            return key
    except OSError:
        pass
    key, fresh = os.urandom(KEY_BYTES), file.with_suffix(".new")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(key)
        fresh.replace(file)
    except OSError:
        return b""
    return key
