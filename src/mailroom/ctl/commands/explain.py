"""mailroomctl messages, explain: what became of a message."""

from __future__ import annotations

import time
from typing import Any

from mailroom.core.deliveries import STATUSES
from mailroom.ctl.shape import Options, Parsers, command, moment, table


def add(parsers: Parsers) -> None:
    made = command(parsers, "messages", "the newest messages", list_messages, tell_messages)
    made.add_argument("search", nargs="?", default="", help="part of a sender's or recipient's address")
    made.add_argument("--limit", type=int, default=20)
    made.add_argument("--offset", type=int, default=0)
    made.add_argument("--status", default="", choices=STATUSES, help="only messages with this status")
    made.add_argument("--since", type=float, default=0.0, help="not before this time, in seconds since the epoch")
    made.add_argument("--until", type=float, default=0.0, help="before this time, in seconds since the epoch")
    made = command(parsers, "explain", "what became of a message, and why", explain, tell_message)
    made.add_argument("id", help="Mailroom's id of it, or its queue id")


def list_messages(options: Options) -> Any:
    from mailroom.flows import message

    return message.list_messages(
        options.search, options.offset, options.limit, options.status, options.since, options.until
    )


def tell_messages(facts: Any) -> str:
    rows = [
        (one["id"], moment(one["time"]), one["status"], one["sender"] or "<>", ", ".join(one["recipients"][:3]))
        for one in facts["messages"]
    ]
    head = ("ID", "WHEN", "STATUS", "FROM", "TO")
    return f"{table(head, rows)}\n{len(rows)} of {facts['total']}"


def explain(options: Options) -> Any:
    from mailroom.flows import message

    return message.show(options.id)


def tell_message(facts: Any) -> str:
    each = facts["deliveries"] if len(facts["deliveries"]) > 1 else []
    shown = [f"{one['address']}: {spoken(one)}" for one in each]
    return "\n".join([spoken(facts["answer"]), *shown, "", *facts["explain"][1:]])


def spoken(told: Any) -> str:
    """What is known, with its times on this server's clock."""
    zone = time.strftime("%Z")
    words = (("since", "Since"), ("time", "At"), ("next_try", "Next try:"))
    return " ".join([told["text"], *(f"{word} {moment(told[name])} {zone}." for name, word in words if told[name])])
