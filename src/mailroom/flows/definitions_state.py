"""While the engine has none of ClamAV's definitions, it is limited: it runs, and finds next to nothing (row AV02)."""

from __future__ import annotations

from typing import Any

from mailroom.daemons.states import LIMITED, RUNNING

ENGINE = "clamd"
WHY = "Finds only our own test virus: virus definitions are not there yet."


def with_limited(daemons: list[dict[str, Any]], limited: bool) -> list[dict[str, Any]]:
    """The daemons' states as people are told them. daemons: as `supervise.status`."""
    if not limited:
        return daemons
    return [
        {**one, "state": LIMITED, "why": WHY} if one["id"] == ENGINE and one["state"] == RUNNING else one
        for one in daemons
    ]
