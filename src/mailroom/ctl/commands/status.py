"""mailroomctl status, restart, log, load, events: how the server is."""

from __future__ import annotations

from typing import Any

from mailroom.core.problems import Unavailable
from mailroom.ctl.shape import Options, Parsers, command, job, moment, table

ROWS_SHOWN = 20
LOAD = ("cpu_percent", "memory_used_mb", "rx_bytes_s", "tx_bytes_s", "disk_read_bytes_s", "disk_write_bytes_s",
        "disk_used_mb", "queue")  # fmt: skip

KINDS = ("settings", "accounts", "sync", "signin", "token", "daemon", "message", "setup", "quota", "search",
         "definitions", "session", "queue", "quarantine")  # fmt: skip


def add(parsers: Parsers) -> None:
    command(parsers, "status", "is all well, and what runs", status, tell_status)
    made = command(parsers, "restart", "restart one daemon and wait until it answers", restart, tell_restarted)
    made.add_argument("daemon", help="its id, as `status` shows it")
    made = command(parsers, "log", "the last lines of a daemon's log", log, tell_log)
    made.add_argument("daemon", help="its id, as `status` shows it")
    made.add_argument("--lines", type=int, default=50, help="how many, 1000 at most")
    command(parsers, "load", "processor, memory, network, disks and queue in the last minutes", load, tell_load)
    made = command(parsers, "events", "what happened, newest first", events, tell_events)
    made.add_argument("--limit", type=int, default=20)
    made.add_argument("--kind", choices=KINDS)


def status(options: Options) -> Any:
    try:
        return job("overview")
    except Unavailable as reason:
        # Exactly then somebody wants to know what runs: ask the supervisor ourselves.
        from mailroom.daemons import supervise
        from mailroom.flows.definitions_state import with_limited
        from mailroom.monitor import antivirus

        banner = {"state": "problem", "title": "The job process does not answer", "text": reason.message}
        known = with_limited(supervise.status(), antivirus.definitions()["state"] == "absent")
        daemons = [{**daemon, "memory_mb": 0.0} for daemon in known]
        return {"health": {**banner, "next": "mailroomctl restart job"}, "daemons": daemons}


def tell_status(facts: Any) -> str:
    health = facts["health"]
    banner = f"{health['title']}. {health['text']}" + (f" {health['next']}" if health.get("next") else "")
    rows = [
        (daemon["id"], daemon["state"], daemon["pid"] or "-", f"{daemon['memory_mb']:.1f}", daemon["why"])
        for daemon in facts["daemons"]
    ]
    # The banner has said the first problem.
    others = [
        f"{one['title']}. {one['text']} {one['next']}".rstrip()
        for one in facts.get("problems", [])
        if one["title"] != health["title"]
    ]
    lines = [banner, *others, "", table(("DAEMON", "STATE", "PID", "MB", ""), rows)]
    if "today" in facts:
        today, queue = facts["today"], facts["queue"]
        counted = f"{today['received']} received, {today['sent']} sent, {today['blocked']} blocked"
        lines += ["", f"Today {counted}; {queue} in the queue."]
    return "\n".join(lines)


def restart(options: Options) -> Any:
    return job("daemons.restart", id=options.daemon)


def tell_restarted(facts: Any) -> str:
    return f"{facts['restarted']} was restarted and answers."


def log(options: Options) -> Any:
    # The job process's own log tells why it does not run: read it without it.
    from mailroom.daemons import logs

    return logs.read(options.daemon, options.lines)["lines"]


def tell_log(facts: Any) -> str:
    return "\n".join(f"{moment(line['time']) if line['time'] else '':19}  {line['text']}" for line in facts)


def load(options: Options) -> Any:
    return job("machine.history")


def tell_load(facts: Any) -> str:
    rows = [dict(zip(facts["columns"], row, strict=True)) for row in facts["coarse"]["rows"][-ROWS_SHOWN:]]
    return table(
        ("WHEN", "CPU %", "MEMORY MB", "IN B/S", "OUT B/S", "READ B/S", "WRITE B/S", "VOLUME MB", "QUEUE"),
        [(moment(row["time"]), *("-" if row[name] is None else round(row[name]) for name in LOAD)) for row in rows],
    )


def events(options: Options) -> Any:
    return job("events.newest", limit=options.limit, kind=options.kind)


def tell_events(facts: Any) -> str:
    return table(("WHEN", "KIND", "WHO", "WHAT"), [(moment(e["time"]), e["kind"], e["who"], e["text"]) for e in facts])
