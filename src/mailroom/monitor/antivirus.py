"""How old the virus definitions are (row AV02). Absent or old definitions are a state that is shown."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from mailroom.core import paths

OFFICIAL = ("daily.cld", "daily.cvd", "main.cvd", "main.cld")
OLD_AFTER_DAYS = 7
HEADER_BYTES = 512


def definitions(folder: Path = paths.DATA / "clamav", now: float | None = None) -> dict[str, Any]:
    """{state: "current"|"old"|"absent", version, definitions_date} of the newest official database.

    A ClamAV database starts with a 512-byte header, "ClamAV-VDB:date:version:..." (ClamAV manual, file formats).
    """
    newest = max((read for name in OFFICIAL if (read := _header(folder / name))), default=None)
    if newest is None:
        return {"state": "absent", "version": None, "definitions_date": None}
    when, version = newest
    days = ((now or time.time()) - when) / 86400
    return {"state": "old" if days > OLD_AFTER_DAYS else "current", "version": version, "definitions_date": when}


def _header(file: Path) -> tuple[float, str] | None:
    try:
        with file.open("rb") as database:
            fields = database.read(HEADER_BYTES).decode("ascii", "replace").split(":")
        return file.stat().st_mtime, fields[2]
    except (OSError, IndexError):
        return None
