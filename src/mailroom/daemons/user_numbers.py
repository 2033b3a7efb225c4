"""Users of the bundle whose numbers the NAS has given to others: to the kernel they are one user (credentials(7)).

The bundle's users have fixed numbers, so that data keeps its owner. Nobody can say for every NAS that they are free, so
it is looked up at each start, and told.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mailroom.daemons.boot import FOLDERS, MAIL_FOLDERS
from mailroom.daemons.order import DAEMONS
from mailroom.daemons.services import OUTSIDE

# They have no folder of their own, and run nevertheless.
MORE = ("dovecot", "dovenull", "unbound")


@dataclass(frozen=True)
class Clash:
    """One number with two users. ours: in the bundle. theirs: on the NAS."""

    number: int
    ours: str
    theirs: str


def clashes(bundle: Path = Path("/etc/passwd"), host: Path = OUTSIDE / "etc" / "passwd") -> list[Clash]:
    """Those of our users whose number is somebody else's on the NAS. What cannot be read tells of none."""
    ours = {folder.owner for folder in (*FOLDERS, *MAIL_FOLDERS)} | {daemon.service(None).user for daemon in DAEMONS}
    used = (ours | {*MORE}) - {"root"}
    theirs = {number: name for name, number in _users(host).items()}
    numbers = {name: number for name, number in _users(bundle).items() if name in used}
    return sorted(
        (Clash(number, name, theirs[number]) for name, number in numbers.items() if theirs.get(number, name) != name),
        key=lambda clash: clash.number,
    )


def _users(file: Path) -> dict[str, int]:
    try:
        rows = [line.split(":") for line in file.read_text(errors="replace").split("\n")]
    except OSError:
        return {}
    return {row[0]: int(row[2]) for row in rows if len(row) > 2 and row[2].isdigit()}
