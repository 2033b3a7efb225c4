"""How packages stand to each other: what one needs, and with what it cannot live."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsmhost.spk import INFO, Refused, Spk

if TYPE_CHECKING:
    from dsmhost.center import Center

# What Package Center fetches by itself when a package asks for it: Synology's own, which the machine imitates.
FETCHED = {"6.2": set[str](), "7": {"WebStation"}}
# Numbers of our own, where DSM's are not known.
NEEDED, CONFLICT = 273, 272


def names(info: dict[str, str], key: str) -> list[str]:
    """The package ids in a colon list such as "A>2.2:B"."""
    return [re.split(r"[><=]", one)[0].strip() for one in info.get(key, "").split(":") if one.strip()]


def judge(center: Center, fresh: Spk) -> None:
    """Raises Refused when something needed is missing, or something else is in the way."""
    there = set(center.packages())
    for name in names(fresh.info, "install_dep_packages"):
        if name not in there | FETCHED[center.profile]:
            raise Refused(NEEDED, f"{fresh.name} needs {name}")
    for key in ("install_conflict_packages", "install_break_packages"):
        for name in names(fresh.info, key):
            if name in there:
                raise Refused(CONFLICT, f"{fresh.name} conflicts with {name}")
    theirs = [one for one in there if fresh.name in names(center.get(one).info, "install_conflict_packages")]
    if theirs:
        raise Refused(CONFLICT, f"{theirs[0]} conflicts with {fresh.name}")
    _ports(center, fresh)


def _ports(center: Center, fresh: Spk) -> None:
    port = fresh.info.get("adminport")
    for name in center.packages():
        if port and name != fresh.name and center.get(name).info.get("adminport") == port:
            raise Refused(INFO, f"adminport {port} is taken by {name}")


def judge_removal(center: Center, name: str) -> None:
    """Raises Refused while another package needs this one."""
    for other in center.packages():
        if name in names(center.get(other).info, "install_dep_packages"):
            raise Refused(NEEDED, f"{other} needs {name}")
