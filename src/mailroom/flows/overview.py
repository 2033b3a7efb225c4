"""The overview: is all well, and if not, what is the next step (rows SL01, AV02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailroom.daemons import supervise
from mailroom.monitor import antivirus, conditions, queue
from mailroom.monitor.machine import Machine

MACHINE = Machine()
NEVER_STARTED = {"abnormal", "stopped"}


def health(daemons: list[dict[str, Any]], lasting: list[dict[str, Any]], definitions: dict[str, Any]) -> dict[str, Any]:
    """The banner: {state, title, text, next?}. The worst thing is said first."""
    broken = [daemon for daemon in daemons if daemon["state"] in NEVER_STARTED]
    if broken:
        names = ", ".join(daemon["title"] for daemon in broken)
        return _banner("problem", f"{names} does not run", broken[0]["why"], "Restart it below and read its log.")
    if lasting:
        first = lasting[0]
        return _banner("problem", first.get("title", first["id"]), first.get("text", ""), first.get("next"))
    starting = [daemon["title"] for daemon in daemons if daemon["state"] == "starting"]
    if starting:
        return _banner("attention", "Starting", f"Waiting for {', '.join(starting)}.", None)
    if definitions["state"] == "absent":
        return _banner(
            "attention",
            "Virus definitions have not been downloaded yet",
            "Only the test virus is found until the first update.",
            "This version does not update them by itself yet: rely on other protection as well.",
        )
    if definitions["state"] == "old":
        return _banner(
            "attention", "Virus definitions are old", f"Version {definitions['version']}.", "Check the NAS's internet."
        )
    return _banner("healthy", "Healthy", "All services are running.", None)


def _banner(state: str, title: str, text: str, next_step: str | None) -> dict[str, Any]:
    return {"state": state, "title": title, "text": text, **({"next": next_step} if next_step else {})}


def overview(today: Callable[[], dict[str, int]]) -> dict[str, Any]:
    """Everything the overview page shows. `today` counts today's mail: {received, sent, blocked}."""
    daemons, definitions = supervise.status(), antivirus.definitions()
    lasting = conditions.lasting()
    return {
        "health": health(daemons, lasting, definitions),
        "daemons": daemons,
        **MACHINE.look(),
        "today": today(),
        "queue": queue.length(),
        "antivirus": definitions,
        "conditions": lasting,
    }
