"""Problems first, each with the next step: what is not well on this server, the most severe thing first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mailroom.daemons.states import ABNORMAL, DISABLED, STARTING

PROBLEM, ATTENTION, NOTE = "problem", "attention", "note"
UPDATE = "definitions.update"
ACTIONS = (UPDATE,)
SEVERITIES = (PROBLEM, ATTENTION, NOTE)
# A volume is nearly full at a tenth, but not while it has this much: a tenth of a large one is plenty.
LOW_SHARE, LOW_MB = 0.10, 20 * 1024
FULL_SHARE, FULL_MB, FULL_ANYWAY_MB = 0.02, 2 * 1024, 500
# What has been started and does not answer for so long needs somebody.
SLOW_START_S = 120.0
ENDS_MANY = 3
# So many tried and waiting messages are more than slow or strange servers elsewhere explain.
STUCK_MANY = 50
HOLDS = {
    ("mail", "data"): "The volume of mail and data",
    ("mail",): "The volume of mail",
    ("data",): "The volume of data",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not well.

    id: the same while it lasts. go: where the window helps, "MENU/TAB", "log/DAEMON" or "" for nowhere. action: what
    the window can do about it at once, one of ACTIONS, or "".
    """

    id: str
    severity: str
    title: str
    text: str
    next: str
    go: str = ""
    since: float | None = None
    action: str = ""


def problems(
    daemons: list[dict[str, Any]],
    lasting: list[dict[str, Any]],
    definitions: dict[str, Any],
    volumes: list[dict[str, Any]],
    stuck: int,
    now: float,
    relay: str = "",
    announced: tuple[str, str] = ("", ""),
) -> list[dict[str, Any]]:
    """Everything that is not well, as JSON-able facts.

    daemons: as `supervise.status`; lasting: as `conditions.lasting`; definitions: as `Definitions.read`;
    stuck: messages in the
    queue whose delivery was tried, or that are held; relay: why mail waits for the relay server, or ""; announced: a
    domain whose servers are not what it announces, and why, or "".
    """
    found = [
        *(_daemon(daemon, now) for daemon in daemons),
        *(_condition(condition, daemons) for condition in lasting),
        *(_volume(volume) for volume in volumes),
        _definitions(definitions, daemons),
        _relay(relay),
        _announced(*announced),
        _queue(stuck),
    ]
    there = [finding for finding in found if finding]
    return [asdict(finding) for finding in sorted(there, key=lambda one: SEVERITIES.index(one.severity))]


def health(found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The banner: {state: healthy | attention | problem, title, text, next?}. The worst thing is said."""
    worst = next((one for one in found if one["severity"] != NOTE), None)
    if worst is None:
        return {"state": "healthy", "title": "Healthy", "text": "All services are running."}
    facts = {"state": worst["severity"], "title": worst["title"], "text": worst["text"]}
    return {**facts, **({"next": worst["next"]} if worst["next"] else {})}


def _daemon(daemon: dict[str, Any], now: float) -> Finding | None:
    name, title = daemon["id"], daemon["title"]
    go, id = f"log/{name}", f"daemon-{name}"
    if daemon["state"] == ABNORMAL:
        return Finding(id, PROBLEM, f"{title} does not run", daemon["why"], daemon["next"], go, daemon["since"])
    if daemon["ends"] >= ENDS_MANY:
        text = f"It ended {daemon['ends']} times within ten minutes and was started again each time."
        return Finding(id, PROBLEM, f"{title} does not stay up", text, "Its log says why it ends.", go)
    if daemon["state"] == STARTING:
        slow = daemon["since"] is not None and now - daemon["since"] > SLOW_START_S
        next_step = "Read its log, and restart it if nothing moves." if slow else daemon["next"]
        return Finding(id, ATTENTION, f"{title} is getting ready", daemon["why"], next_step, go, daemon["since"])
    return None


def _condition(condition: dict[str, Any], daemons: list[dict[str, Any]]) -> Finding:
    """What a part of ours has reported. A scanner's condition has its daemon's name."""
    id = condition["id"]
    return Finding(
        f"condition-{id}",
        condition.get("severity", PROBLEM),
        condition.get("title", id),
        condition.get("text", ""),
        condition.get("next") or "",
        condition.get("go", f"log/{id}" if any(daemon["id"] == id for daemon in daemons) else ""),
        condition.get("since"),
    )


def _volume(volume: dict[str, Any]) -> Finding | None:
    free, total = volume["free_mb"], volume["total_mb"]
    title = HOLDS.get(tuple(volume["holds"]), HOLDS["mail",])
    id = f"volume-{'-'.join(volume['holds'])}"
    left = f"{free / 1024:.1f} GB of {total / 1024:.0f} GB are free."
    if free < max(FULL_ANYWAY_MB, min(FULL_SHARE * total, FULL_MB)):
        next_step = "Free some space on it now: when it is full, mail waits at the sending servers."
        return Finding(id, PROBLEM, f"{title} is full", left, next_step)
    if free < min(LOW_SHARE * total, LOW_MB):
        return Finding(id, ATTENTION, f"{title} is nearly full", left, "Free some space on it, or let it grow.")
    return None


def _definitions(definitions: dict[str, Any], daemons: list[dict[str, Any]]) -> Finding | None:
    """definitions: as `Definitions.read`."""
    if any(daemon["id"] == "clamd" and daemon["state"] == DISABLED for daemon in daemons):
        return None
    absent, old = definitions["state"] == "absent", definitions["state"] == "old"
    if not (absent or old or definitions["limited"]):
        return None
    title = "Virus definitions are old" if old else "The antivirus engine does not use its virus definitions yet"
    title = "Virus definitions have not been downloaded yet" if absent else title
    since = definitions["definitions_date"] if old else None
    text, next_step = _definitions_words(definitions, absent)
    action = "" if definitions["updating"] else UPDATE
    return Finding("definitions", ATTENTION, title, text, next_step, "security/antivirus", since, action)


def _definitions_words(definitions: dict[str, Any], absent: bool) -> tuple[str, str]:
    """(what it means, what to do)."""
    means = "Only our own test virus is found."
    if not definitions["limited"]:
        means = f"They are of version {definitions['version']}; new viruses may not be found."
    if definitions["updating"]:
        return means, "They are being downloaded now."
    if definitions["text"]:
        return f"{means} The last download failed: {definitions['text']}", definitions["next"]
    memory = definitions["memory"]
    if absent and not memory["enough"]:
        need, have = f"{memory['engine_mb'] / 1024:.1f}", f"{memory['total_mb'] / 1024:.1f}"
        means = f"{means} The engine needs about {need} GB of memory with all of them, and this NAS has {have} GB."
        return means, "Update now if that is enough for everything on this NAS, or switch the engine off."
    if not absent and definitions["limited"]:
        return means, "It reads them within some minutes. If it stays so, restart the engine; its log tells more."
    if not definitions["auto"]:
        return means, "Update now, and switch on that they are updated by themselves."
    return means, "They come by themselves; update now not to wait."


def _relay(reason: str) -> Finding | None:
    if not reason:
        return None
    return Finding(
        "relay",
        PROBLEM,
        "The relay server does not take our mail",
        f"Mail to other domains waits, nothing is lost. Postfix says: {reason}",
        "Correct the settings of the relay server and test the connection there.",
        "mail_delivery/delivery",
    )


def _announced(domain: str, reason: str) -> Finding | None:
    if not reason:
        return None
    return Finding(
        "announced",
        ATTENTION,
        f"Mail to {domain} waits: its servers are not what the domain announces",
        f"Nothing is lost; it is tried again by itself, and returned after five days. Postfix says: {reason}",
        "Tell that domain's postmaster. If the mail must go out unchecked, switch these checks off for a while.",
        "mail_delivery/delivery",
    )


def _queue(stuck: int) -> Finding | None:
    if stuck == 0:
        return None
    title = "A message waits in the queue" if stuck == 1 else f"{stuck} messages wait in the queue"
    text = "Delivery was tried and is tried again by itself, or somebody holds it."
    severity = ATTENTION if stuck >= STUCK_MANY else NOTE
    return Finding("queue", severity, title, text, "The queue tells the reason of each.", "queue")
