"""How much room the volumes have on which mail and Mailroom's own data lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mailroom.core import paths

MB = 1024 * 1024
FOLDERS = {"mail": paths.MAIL, "data": paths.DATA}
# Two looks at one volume differ by what was written between them.
SAME_WITHIN_MB = 64


def space(folder: Path) -> dict[str, int]:
    """{used_mb, free_mb, total_mb}. free: for users; total: used and free, so that 100 % is full, as df(1) counts."""
    told = os.statvfs(folder)
    used, free = (told.f_blocks - told.f_bfree) * told.f_frsize, told.f_bavail * told.f_frsize
    return {"used_mb": used // MB, "free_mb": free // MB, "total_mb": (used + free) // MB}


def volumes(folders: dict[str, Path] | None = None) -> list[dict[str, Any]]:
    """Each volume once: {holds: ["mail", "data"], used_mb, free_mb, total_mb}. A folder that is not there is left out.

    Folders of one volume may differ in their device (subvolumes of Btrfs): sizes tell.
    """
    found: list[dict[str, Any]] = []
    for name, folder in (folders or FOLDERS).items():
        try:
            facts = space(folder)
        except OSError:
            continue
        same = next((one for one in found if _same(one, facts)), None)
        if same:
            same["holds"].append(name)
        else:
            found.append({"holds": [name], **facts})
    return found


def _same(one: dict[str, Any], other: dict[str, int]) -> bool:
    keys = ("used_mb", "free_mb")
    return all(abs(one[key] - other[key]) <= SAME_WITHIN_MB for key in keys)
