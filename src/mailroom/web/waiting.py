"""Before the activation on DSM 7: we run outside the bundle, without root, and say what is still to be done."""

from __future__ import annotations

import grp
import json
import os
from pathlib import Path
from typing import Any

from mailroom.core.problems import Unavailable

ADMINISTRATORS = "administrators"


def is_waiting() -> bool:
    """Whether this process only shows what waits for activation."""
    return bool(os.environ.get("MAILROOM_WAITING"))


def activation() -> dict[str, Any] | None:
    """{command, title, text}: what root has to run, or None when nothing waits."""
    if not is_waiting():
        return None
    told = json.loads(Path(os.environ["MAILROOM_WAITING"]).read_text())
    return {name: str(told[name]) for name in ("command", "title", "text")}


def refuse() -> None:
    """Raises Unavailable while the other processes do not exist."""
    told = activation()
    if told:
        raise Unavailable(told["title"], code="waiting_for_activation", next=f"Run as root: {told['command']}")


def role(name: str) -> str:
    """admin | user, told by the host's own group: nothing is synced yet."""
    try:
        members = grp.getgrnam(os.environ.get("MAILROOM_ADMIN_GROUP") or ADMINISTRATORS).gr_mem
    except KeyError:
        members = []
    return "admin" if name in members else "user"


def overview() -> dict[str, Any]:
    """The overview of a server that has nothing running."""
    told = activation() or {"title": "", "text": "", "command": ""}
    health = {
        "state": "attention",
        "title": told["title"],
        "text": told["text"],
        "next": f"Run as root: {told['command']}",
    }
    return {
        "health": health,
        "problems": [],
        "daemons": [],
        "cpu_percent": 0.0,
        "memory": {"used_mb": 0, "total_mb": 0},
        "network": {"rx_bytes_s": 0, "tx_bytes_s": 0},
        "disk": {"read_bytes_s": None, "write_bytes_s": None},
        "volumes": [],
        "today": {"received": 0, "sent": 0, "blocked": 0},
        "queue": 0,
        "antivirus": {"state": "absent", "version": "", "definitions_date": None},
        "conditions": [],
    }
