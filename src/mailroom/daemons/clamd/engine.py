"""What the running antivirus engine says of itself, and having it read new definitions (clamd(8), row AV02)."""

from __future__ import annotations

import re
import socket
from contextlib import closing
from typing import NamedTuple

from mailroom.core import paths

ANSWER_BYTES_MAX = 1_024
# "ClamAV 1.4.6/27800/Sun Nov 29 09:40:12 2026", without the rest while it has none of ClamAV's databases loaded.
VERSION = re.compile(r"ClamAV ([0-9][\w.+~-]*)(?:/(\d+)/.*)?")


class Engine(NamedTuple):
    """version: of the program; definitions: the version of the daily database that it has loaded, "" for none."""

    version: str
    definitions: str


def ask(limit_s: float = 1.0) -> Engine | None:
    """None when it does not answer: it is switched off, starts, or reads definitions."""
    try:
        found = VERSION.fullmatch(_answer(b"zVERSION\0", limit_s))
    except OSError:
        return None
    return Engine(found[1], found[2] or "") if found else None


def reload(limit_s: float = 5.0) -> bool:
    """Have it read its definitions now. Whether it will."""
    try:
        return _answer(b"zRELOAD\0", limit_s) == "RELOADING"
    except OSError:
        return False


def _answer(line: bytes, limit_s: float) -> str:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as link:
        link.settimeout(limit_s)
        link.connect(str(paths.CLAMD_SOCKET))
        link.sendall(line)
        heard = b""
        while b"\0" not in heard and len(heard) < ANSWER_BYTES_MAX and (more := link.recv(ANSWER_BYTES_MAX)):
            heard += more
    return heard.partition(b"\0")[0].decode("ascii", "replace")
