"""mailroomctl usage: what users have sent to others within 24 hours, and counting anew."""

from __future__ import annotations

from typing import Any

from mailroom.core.problems import Invalid
from mailroom.ctl.shape import Options, Parsers, command, job, moment, noun, table

ROWS_MAX = 1_000
MB = 1024 * 1024


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "usage", "what users have sent to others, and their daily quota")
    made = command(verbs, "list", "each user's messages and volume since the first one", listing, tell_listing)
    made.add_argument("--search", default="", help="part of a user's name")
    made.add_argument("--sort", default="user", help="user, messages, bytes, since or until; -messages turns it round")
    made = command(verbs, "clear", "count a user's mail anew, or everybody's with --all", clear, tell_cleared)
    made.add_argument("user", nargs="?", default="")
    made.add_argument("--all", action="store_true")


def listing(options: Options) -> Any:
    return job("usage.list", search=options.search, sort=options.sort, limit=ROWS_MAX)


def tell_listing(facts: Any) -> str:
    limits = facts["limits"]
    messages = "" if limits["messages"] is None else f" of {limits['messages']}"
    volume = "" if limits["bytes"] is None else f" of {limits['bytes'] // MB}"
    rows = [
        (
            one["user"],
            f"{one['messages']}{messages}",
            f"{one['bytes'] / MB:.1f}{volume}",
            moment(one["since"]),
            moment(one["until"]),
        )
        for one in facts["users"]
    ]
    return table(("USER", "MESSAGES", "MB", "SINCE", "RESETS"), rows) if rows else "Nobody has sent anything to others."


def clear(options: Options) -> Any:
    if bool(options.user) == options.all:
        raise Invalid("Name one user, or say --all.", field="user")
    return job("usage.clear_all") if options.all else job("usage.clear", user=options.user)


def tell_cleared(facts: Any) -> str:
    return f"Cleared: {facts['cleared']}."
