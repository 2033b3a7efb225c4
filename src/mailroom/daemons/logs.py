"""The daemons' own logs, as s6-log keeps them (s6-log(1), T n10 s1000000): the last lines, and what comes after.

They hold addresses and queue ids, never anything of a message.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.core.problems import NotFound
from mailroom.daemons.order import BY_ID

# As much as is ever read for one answer; lines longer than the other are cut.
READ_BYTES_MAX = 256 * 1024
LINE_LETTERS_MAX = 2_000
LINES_MAX = 1_000
LAST_WITHIN_S = 60.0
NEWLINE = b"\n"
# "2026-11-24 23:50:39.526216849  text", in local time.
STAMPED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d{1,9})  (.*)", re.DOTALL)
# A second stamp that some programs write themselves: syslog's (Postfix, SpamAssassin, Dovecot), ClamAV's, Unbound's.
OWN_STAMP = re.compile(r"(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?(?: \d{4} ->)? |\[\d{10}\] ")


def lines_of(text: str) -> list[dict[str, Any]]:
    """[{time, text}] of a piece of a log. time: seconds since the epoch, None for a line that s6-log did not stamp."""
    return [_line(line) for line in text.split("\n") if line]


def _line(line: str) -> dict[str, Any]:
    stamped = STAMPED.match(line)
    if not stamped:
        return {"time": None, "text": line[:LINE_LETTERS_MAX]}
    seconds = time.mktime(time.strptime(stamped[1], "%Y-%m-%d %H:%M:%S"))
    return {"time": seconds + float(stamped[2]), "text": OWN_STAMP.sub("", stamped[3], count=1)[:LINE_LETTERS_MAX]}


def read(name: str, lines: int = 200, after: str = "", folder: Path | None = None) -> dict[str, Any]:
    """{lines: [{time, text}], after}: the last lines of a daemon's log, oldest first. Raises NotFound.

    after: as an earlier answer gave it; then only what has come since is told, or the last lines if that is too much.
    """
    if name not in BY_ID:
        raise NotFound(f"There is no daemon {name!r}.", field="id")
    log = (folder or paths.LOG) / name
    files = _files(log)
    fresh = _since(files, after) if after else None
    found = lines_of(_last(files) if fresh is None else fresh)[-min(lines, LINES_MAX) :]
    return {"lines": found, "after": _end(files)}


def last_line(name: str, before: float, folder: Path | None = None) -> str:
    """What a daemon said last before this time, "" when that is long ago."""
    log = (folder or paths.LOG) / name
    said = lines_of(_last(_files(log), 16 * 1024))
    lately = [line for line in said if line["time"] and before - LAST_WITHIN_S <= line["time"] <= before + 0.05]
    return str(lately[-1]["text"]) if lately else ""


def _files(log: Path) -> list[Path]:
    """The rotated files and the current one, oldest first: their names are their times (TAI64N)."""
    return [*sorted(log.glob("@*")), *([log / "current"] if (log / "current").exists() else [])]


def _last(files: list[Path], limit: int = READ_BYTES_MAX) -> str:
    """The last whole lines, so many bytes at most."""
    text = b""
    for file in reversed(files):
        wanted = limit - len(text)
        if wanted <= 0:
            break
        text, whole = _tail(file, wanted) + text, file.stat().st_size <= wanted
        if not whole:
            text = text.partition(b"\n")[2]
    return _whole(text)


def _tail(file: Path, count: int) -> bytes:
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - count))
        return log.read(count)


def _whole(text: bytes) -> str:
    """Without a last line that is still being written."""
    return text[: text.rfind(b"\n") + 1].decode("utf-8", "replace")


def _end(files: list[Path]) -> str:
    """Where the last whole line ends now, as inode:offset."""
    if not files or files[-1].name != "current":
        return ""
    status = files[-1].stat()
    tail = _tail(files[-1], 64 * 1024)
    return f"{status.st_ino}:{status.st_size - (len(tail) - tail.rfind(NEWLINE) - 1)}"


def _since(files: list[Path], after: str) -> str | None:
    """What was written after this place; None when the place is gone or too far back."""
    inode, _, offset = after.partition(":")
    known = [str(file.stat().st_ino) for file in files]
    if inode not in known or not offset.isdigit():
        return None
    later = files[known.index(inode) :]
    sizes = [file.stat().st_size for file in later]
    sizes[0] -= int(offset)
    if min(sizes) < 0 or sum(sizes) > READ_BYTES_MAX:
        return None
    return _whole(b"".join(_tail(file, size) for file, size in zip(later, sizes, strict=True) if size))
