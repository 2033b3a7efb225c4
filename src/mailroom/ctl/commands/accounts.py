"""mailroomctl accounts, licences, sync: who has a mailbox."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, job, moment, noun, table

CHOICES = {
    "activate": ("give users a seat", "activate"),
    "deactivate": ("take users' seats away; their mail is kept", "deactivate"),
    "reset": ("no choice of their own: the default decides", None),
}


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "accounts", "users and their seats")
    made = command(verbs, "list", "the host's users", accounts, tell_accounts)
    wanted(made)
    made.add_argument("--limit", type=int, default=100)
    made.add_argument("--offset", type=int, default=0)
    wanted(command(verbs, "export", "the host's users as CSV", export, lambda facts: str(facts["csv"])))
    for verb, (help, choice) in CHOICES.items():
        made = command(verbs, verb, help, choose(choice), tell_choice)
        made.add_argument("names", nargs="+", metavar="NAME")
        made.add_argument("--preview", action="store_true", help="only show what would change")
    command(parsers, "licences", "licence keys and seats", lambda options: job("licences.list"), tell_licences)
    verbs = noun(parsers, "sync", "reading the users from the host")
    command(verbs, "state", "how the last reading went", lambda options: job("sync.state"), tell_sync)
    command(verbs, "now", "read the users now", lambda options: job("sync.now"), tell_sync)
    command(verbs, "approve", "take over a reading that would drop many users", approve, tell_sync)


def wanted(made: argparse.ArgumentParser) -> None:
    """Which users, and in which order."""
    made.add_argument("search", nargs="?", default="")
    made.add_argument("--sort", default="name", help="a column; with - before it, turned round")
    made.add_argument("--info", action="append", default=[], help="only these: activated, waiting, not_activated")
    made.add_argument("--status", action="append", default=[], help="only these: normal, deactivated, unsupported")


def accounts(options: Options) -> Any:
    return listed(options, options.offset, options.limit)


def listed(options: Options, offset: int, limit: int) -> Any:
    asked = {name: getattr(options, name) for name in ("search", "sort", "info", "status")}
    return job("accounts.list", **asked, offset=offset, limit=limit)


def export(options: Options) -> Any:
    from mailroom.flows.account_export import exported

    return {"csv": exported(lambda offset, limit: listed(options, offset, limit))}


def tell_accounts(facts: Any) -> str:
    rows = [(one["name"], one["address"], one["info"], one["status"], one["why"]) for one in facts["users"]]
    listed = table(("NAME", "ADDRESS", "INFO", "STATUS", ""), rows)
    return f"{listed}\n{len(rows)} of {facts['total']}; {tell_seats(facts['seats'])}"


def tell_seats(seats: Any) -> str:
    return f"{seats['used']} of {seats['total']} seats are used."


def choose(choice: str | None) -> Callable[[Options], Any]:
    """A verb that makes the same choice for each user named."""

    def do(options: Options) -> Any:
        operation = "accounts.preview" if options.preview else "accounts.apply"
        return job(operation, changes=dict.fromkeys(options.names, choice))

    return do


def tell_choice(facts: Any) -> str:
    seats = facts["seats"]
    lines = [f"{one['name']}: {one['before']} -> {one['after']}" for one in facts["users"]]
    return "\n".join([*lines, f"Seats: {seats['used_before']} -> {seats['used_after']} of {seats['total']}."])


def tell_licences(facts: Any) -> str:
    rows = [
        (one["key"], one["quantity"], one["activated"], one["expiry"] or "never", one["status"])
        for one in facts["licences"]
    ]
    return f"{table(('KEY', 'SEATS', 'ACTIVATED', 'EXPIRES', 'STATUS'), rows)}\n{tell_seats(facts)}"


def approve(options: Options) -> Any:
    return job("sync.approve")


def tell_sync(facts: Any) -> str:
    last = f", last read {moment(facts['last'])}" if facts.get("last") else ""
    lines = [f"{facts['state']}{last}."]
    if refused := facts.get("refused"):
        lines += [
            refused["reason"],
            f"It would drop: {', '.join(refused['would_drop'])}.",
            "`mailroomctl sync approve` lets it.",
        ]
    return "\n".join(lines)
