"""A daemon's log read on and on, each line once: through s6-log's rotation, and from where an earlier process ended.

s6-log renames `current` to @TAI64N.s (by way of `previous`) and removes the oldest; a file keeps its inode (s6-log(8)).
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

READ_BYTES_MAX = 256 * 1024
# A longer line is none of a daemon's (s6-log cuts at 8,192 bytes): it is passed over in pieces.
LINE_BYTES_MAX = 64 * 1024


@dataclass(frozen=True)
class Piece:
    """text: whole lines. position: "inode:offset" after them. lost: whether lines before them were removed unread."""

    text: str
    position: str
    lost: bool = False


def follow(folder: Path, position: str, limit: int = READ_BYTES_MAX) -> Piece:
    """What comes after this position, `limit` bytes at most; "" is the beginning of the oldest file.

    The same position gives the same lines, while they are there. Raises OSError.
    """
    files = _open(folder)
    try:
        return _read(files, position, limit)
    finally:
        for file in files:
            file.close()


def _read(files: list[BinaryIO], position: str, limit: int) -> Piece:
    if not files:
        return Piece("", position)
    inode, _, offset = position.partition(":")
    inodes = [str(os.fstat(file.fileno()).st_ino) for file in files]
    at, start = (inodes.index(inode), int(offset)) if inode in inodes else (0, 0)
    lost = bool(position) and inode not in inodes
    if start > os.fstat(files[at].fileno()).st_size:
        # It was made shorter, or its inode belongs to a new file by now.
        start, lost = 0, True
    while True:
        files[at].seek(start)
        found = files[at].read(limit)
        whole = _whole(found, last=at + 1 == len(files))
        if whole or at + 1 == len(files):
            return Piece(whole.decode("utf-8", "replace"), f"{inodes[at]}:{start + len(whole)}", lost)
        at, start = at + 1, 0


def _whole(found: bytes, last: bool) -> bytes:
    """Without a line that is still being written. What a rotated file ends with is all there will be."""
    end = found.rfind(b"\n") + 1
    if end or (last and len(found) < LINE_BYTES_MAX):
        return found[:end]
    return found


def _open(folder: Path) -> list[BinaryIO]:
    """Every file, oldest first. A rotation in the middle of this would hide a file: then again."""
    while True:
        names = _names(folder)
        files: list[BinaryIO] = []
        with contextlib.suppress(FileNotFoundError):
            for name in names:
                files.append((folder / name).open("rb"))
        if len(files) == len(names) and names == _names(folder) and _is_current(folder, names, files):
            return files
        for file in files:
            file.close()


def _names(folder: Path) -> list[str]:
    there = {entry.name for entry in os.scandir(folder)} if folder.is_dir() else set()
    rotated = sorted(name for name in there if name.startswith("@"))
    return rotated + [name for name in ("previous", "current") if name in there]


def _is_current(folder: Path, names: list[str], files: list[BinaryIO]) -> bool:
    """Whether the last file is still what its name leads to."""
    if not names:
        return True
    try:
        return os.stat(folder / names[-1]).st_ino == os.fstat(files[-1].fileno()).st_ino
    except FileNotFoundError:
        return False
