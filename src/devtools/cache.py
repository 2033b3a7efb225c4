"""Built things in the cache: made once for each key, complete or not there at all.

A thing is built under a temporary name and renamed when it is whole; a stamp beside it holds how many files it had.
Whoever finds another number finds a broken cache, and builds again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from devtools.places import CACHE

STAMP = ".complete"
KEPT = 2


def key_of(parts: Iterable[Path | str | bytes]) -> str:
    """A short name for exactly this content."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]


def built(name: str, key: str, build: Callable[[Path], None]) -> Path:
    """The folder CACHE/name-key, built by `build(folder)` unless it is there and whole."""
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = CACHE / f"{name}-{key}"
    with (CACHE / f".{name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if is_whole(folder):
            os.utime(folder)
            return folder
        remove(folder)
        fresh = CACHE / f".{name}-{key}.part"
        remove(fresh)
        fresh.mkdir()
        build(fresh)
        (fresh / STAMP).write_text(f"{count(fresh)}\n")
        fresh.rename(folder)
        _forget_old(name, folder)
    return folder


def is_whole(folder: Path) -> bool:
    """Whether the folder holds as many files as when it was finished."""
    try:
        return int((folder / STAMP).read_text()) == count(folder)
    except (OSError, ValueError):
        return False


def count(folder: Path) -> int:
    """Files and folders below, without the stamp."""
    total = sum(len(folders) + len(files) for _, folders, files in os.walk(folder))
    return total - ((folder / STAMP).exists())


def remove(folder: Path) -> None:
    """Remove a built thing, or what is left of one."""
    if folder.exists():
        shutil.rmtree(folder)


def _forget_old(name: str, newest: Path) -> None:
    others = [path for path in CACHE.glob(f"{name}-*") if path != newest and path.name[len(name) + 1 :].isalnum()]
    for path in sorted(others, key=lambda path: path.stat().st_mtime)[: max(0, len(others) - KEPT + 1)]:
        remove(path)
