"""mailroomctl messages, explain: what became of a message."""

from __future__ import annotations

from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, moment, table


def add(parsers: Parsers) -> None:
    made = command(parsers, "messages", "the newest messages", list_messages, tell_messages)
    made.add_argument("search", nargs="?", default="", help="part of a sender's or recipient's address")
    made.add_argument("--limit", type=int, default=20)
    made.add_argument("--offset", type=int, default=0)
    made = command(parsers, "explain", "what became of a message, and why", explain, tell_message)
    made.add_argument("id", help="Mailroom's id of it, or its queue id")


def list_messages(options: Options) -> Any:
    from mailroom.flows import message

    return message.list_messages(options.search, options.offset, options.limit)


def tell_messages(facts: Any) -> str:
    rows = [
        (one["id"], moment(one["time"]), one["verdict"], one["sender"] or "<>", ", ".join(one["recipients"][:3]))
        for one in facts["messages"]
    ]
    head = ("ID", "WHEN", "VERDICT", "FROM", "TO")
    return f"{table(head, rows)}\n{len(rows)} of {facts['total']}"


def explain(options: Options) -> Any:
    from mailroom.flows import message

    return message.show(options.id)


def tell_message(facts: Any) -> str:
    return "\n".join(facts["explain"])
