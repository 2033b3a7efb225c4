"""Built things in the cache: made once for each key, complete or not there at all.

A thing is built under a temporary name and renamed when it is whole; the stamp beside it lists every file with its
size. Whoever finds one missing, or of another size, finds a broken cache and builds again. What was added is not wanted
either, bytecode aside, which any interpreter may leave behind.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from devtools.places import CACHE

STAMP = ".complete"
BYTECODE = "__pycache__"
KEPT = 2


def key_of(parts: Iterable[Path | str | bytes]) -> str:
    """A short name for exactly this content."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]


def built(name: str, key: str, build: Callable[[Path], None]) -> Path:
    """The folder CACHE/name-key, built by `build(folder)` unless it is there and whole.

    Of several that want the same thing at once, one builds and the others wait for it. What a killed builder left
    lies under the temporary name and is thrown away by the next.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = CACHE / f"{name}-{key}"
    with (CACHE / f".{name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if is_whole(folder):
            os.utime(folder)
            return folder
        remove(folder)
        for left in _keys(f".{name}", ".part"):
            remove(left)
        fresh = CACHE / f".{name}-{key}.part"
        fresh.mkdir()
        build(fresh)
        (fresh / STAMP).write_text("".join(f"{line}\n" for line in sorted(contents(fresh))))
        fresh.rename(folder)
        _forget_old(name, folder)
    return folder


def is_whole(folder: Path) -> bool:
    """Whether the folder holds what it held when it was finished, each file with its size."""
    try:
        finished = set((folder / STAMP).read_text().splitlines())
    except (OSError, ValueError):
        return False
    there = set(contents(folder))
    return finished <= there and all(BYTECODE in line for line in there - finished)


def contents(folder: Path) -> Iterator[str]:
    """One line for each file and folder below, without the stamp: size (of a file), path. Nothing is opened."""
    start = len(str(folder)) + 1
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                facts = entry.stat(follow_symlinks=False)
                is_folder = stat.S_ISDIR(facts.st_mode)
                if is_folder:
                    waiting.append(entry.path)
                if (relative := entry.path[start:]) != STAMP:
                    # ascii(): a name may hold a line break, or bytes that are no text.
                    yield f"{'-' if is_folder else facts.st_size} {relative!a}"


def remove(folder: Path) -> None:
    """Remove a built thing, or what is left of one."""
    if folder.exists():
        shutil.rmtree(folder)


def _keys(name: str, end: str = "") -> list[Path]:
    """What there is of this very name, with any key: a name may be the beginning of another."""
    found = CACHE.glob(f"{name}-*{end}")
    return [path for path in found if path.name[len(name) + 1 :].removesuffix(end).isalnum()]


def _forget_old(name: str, newest: Path) -> None:
    others = [path for path in _keys(name) if path != newest]
    for path in sorted(others, key=lambda path: path.stat().st_mtime)[: max(0, len(others) - KEPT + 1)]:
        remove(path)
