"""mailroomctl status, restart, events: how the server is."""

from __future__ import annotations

from typing import Any

from mailroom.core.problems import Unavailable
from mailroom.ctl.shape import Options, Parsers, command, job, moment, table


def add(parsers: Parsers) -> None:
    command(parsers, "status", "is all well, and what runs", status, tell_status)
    made = command(parsers, "restart", "restart one daemon and wait until it answers", restart, tell_restarted)
    made.add_argument("daemon", help="its id, as `status` shows it")
    made = command(parsers, "events", "what happened, newest first", events, tell_events)
    made.add_argument("--limit", type=int, default=20)
    made.add_argument("--kind", choices=("settings", "accounts", "sync", "signin", "token", "daemon", "message"))


def status(options: Options) -> Any:
    try:
        return job("overview")
    except Unavailable as reason:
        # Exactly then somebody wants to know what runs: ask the supervisor ourselves.
        from mailroom.daemons import supervise

        banner = {"state": "problem", "title": "The job process does not answer", "text": reason.message}
        return {"health": {**banner, "next": "mailroomctl restart job"}, "daemons": supervise.status()}


def tell_status(facts: Any) -> str:
    health = facts["health"]
    banner = f"{health['title']}. {health['text']}" + (f" {health['next']}" if health.get("next") else "")
    rows = [
        (daemon["id"], daemon["state"], daemon["pid"] or "-", f"{daemon['memory_mb']:.1f}", daemon["why"])
        for daemon in facts["daemons"]
    ]
    lines = [banner, "", table(("DAEMON", "STATE", "PID", "MB", ""), rows)]
    if "today" in facts:
        today, queue = facts["today"], facts["queue"]
        counted = f"{today['received']} received, {today['sent']} sent, {today['blocked']} blocked"
        lines += ["", f"Today {counted}; {queue} in the queue."]
    return "\n".join(lines)


def restart(options: Options) -> Any:
    return job("daemons.restart", id=options.daemon)


def tell_restarted(facts: Any) -> str:
    return f"{facts['restarted']} was restarted and answers."


def events(options: Options) -> Any:
    return job("events.newest", limit=options.limit, kind=options.kind)


def tell_events(facts: Any) -> str:
    return table(("WHEN", "KIND", "WHO", "WHAT"), [(moment(e["time"]), e["kind"], e["who"], e["text"]) for e in facts])
