"""The virus definitions that lie on the disk (row AV02): which, of when, and since when they are here.

The folder is clamav's, which reads strangers' files: what root opens in it is a file, is read without waiting, and as
far as its header goes.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailroom.core import paths

FOLDER = paths.DATA / "clamav"
DATABASES = ("daily", "main", "bytecode")
OLD_AFTER_DAYS = 7
DAY_S = 86_400
# "ClamAV-VDB:24 Nov 2026 07-00 -0500:27800:2000000:90:MD5:SIGNATURE:BUILDER:SECONDS" (ClamAV manual, file formats).
HEADER_BYTES, MAGIC, FIELDS = 512, "ClamAV-VDB", 8
BUILT = "%d %b %Y %H-%M %z"
# freshclam.dat, version 1: magic, version, a UUID, and until when a mirror asks to be left alone.
NOTE, NOTE_MAGIC, NOTE_UNTIL_AT = "freshclam.dat", b"FreshClamData", 61


def definitions(folder: Path = FOLDER, now: float | None = None) -> dict[str, Any]:
    """{state: "current"|"old"|"absent", version, definitions_date, files} of ClamAV's own databases.

    version, definitions_date: of the one that was built last, by ClamAV's own clock. files: [{name, version,
    signatures, built, downloaded, bytes}], times in seconds since the epoch.
    """
    found = [read for name in DATABASES if (read := _newest(folder, name))]
    if not found:
        return {"state": "absent", "version": None, "definitions_date": None, "files": []}
    last = max(found, key=lambda one: float(one["built"]))
    days = ((now or time.time()) - last["built"]) / DAY_S
    state = "old" if days > OLD_AFTER_DAYS else "current"
    return {"state": state, "version": last["version"], "definitions_date": last["built"], "files": found}


def wait_until(folder: Path = FOLDER) -> float:
    """Until when a mirror has asked to be left alone (HTTP 429, 403), 0 when none has. It may be over."""
    try:
        with _file(folder / NOTE) as note:
            held = note.read(NOTE_UNTIL_AT + 8)
    except OSError:
        return 0.0
    if not held.startswith(NOTE_MAGIC) or len(held) < NOTE_UNTIL_AT + 8:
        return 0.0
    return max(0.0, float(struct.unpack_from("=q", held, NOTE_UNTIL_AT)[0]))


def _newest(folder: Path, name: str) -> dict[str, Any] | None:
    """A database is there whole (.cvd), or put together of a whole one and the changes since (.cld)."""
    found = [read for ending in ("cld", "cvd") if (read := _facts(folder / f"{name}.{ending}", name))]
    return max(found, key=lambda one: int(one["version"]), default=None)


def _facts(file: Path, name: str) -> dict[str, Any] | None:
    try:
        with _file(file) as database:
            fields = database.read(HEADER_BYTES).decode("ascii", "replace").split(":")
            status = os.fstat(database.fileno())
        if fields[0] != MAGIC or len(fields) < FIELDS or not re.fullmatch(r"\d{1,10}", fields[2]):
            return None
        built = datetime.strptime(fields[1], BUILT).astimezone(UTC).timestamp()
        signatures = int(fields[3])
    except (OSError, ValueError, IndexError):
        return None
    return {
        "name": name,
        "version": fields[2],
        "signatures": signatures,
        "built": built,
        "downloaded": status.st_mtime,
        "bytes": status.st_size,
    }


def _file(path: Path) -> Any:
    """Raises OSError when it is none: a link, a pipe, a folder."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    return os.fdopen(handle, "rb")
