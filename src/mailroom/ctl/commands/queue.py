"""mailroomctl queue: what waits to be delivered, and what is done with it (rows QE01-QE05)."""

from __future__ import annotations

from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, job, moment, noun, table

SORTS = ("since", "sender", "recipients", "size", "state")
STATES = {"waiting": "waiting", "on_hold": "on hold", "active": "being delivered"}


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "queue", "messages that wait to be delivered")
    made = command(verbs, "list", "what waits, since when and why", listed, tell_listed)
    made.add_argument("search", nargs="?", default="", help="part of an address, a number or a reason")
    made.add_argument("--sort", choices=SORTS, default="since")
    made.add_argument("--down", action="store_true", help="the largest first")
    made.add_argument("--offset", type=int, default=0)
    made.add_argument("--limit", type=int, default=100, help="how many, 500 at most")
    for verb, help, operation, words in (
        ("retry", "try them now; those on hold are released", "queue.retry", "Tried now"),
        ("hold", "hold them until somebody releases them", "queue.hold", "On hold"),
        ("release", "hold them no longer", "queue.release", "Released"),
        ("return", "try once more, then return what is not delivered to its sender", "queue.return", "To be returned"),
        ("delete", "remove them for good; nobody is notified", "queue.delete", "Deleted"),
    ):
        made = command(verbs, verb, help, _asking(operation), _telling(words))
        made.add_argument("ids", nargs="+", metavar="ID", help="numbers as `queue list` shows them")


def listed(options: Options) -> Any:
    asked = {name: getattr(options, name) for name in ("search", "sort", "down", "offset", "limit")}
    return job("queue.list", **asked)


def tell_listed(facts: Any) -> str:
    if not facts["total"]:
        return f"Nothing waits ({moment(facts['time'])})."
    rows = [
        (
            one["id"],
            STATES[one["state"]],
            moment(one["since"]),
            one["sender"] or "(notice)",
            ", ".join(to["address"] for to in one["recipients"][:3])
            + (" ..." if len(one["recipients"]) + one["more_recipients"] > 3 else ""),
            moment(one["next_try"]) if one["next_try"] else "",
            f"{one['reason']} {one['words']}".strip(),
        )
        for one in facts["messages"]
    ]
    shown = table(("ID", "STATE", "SINCE", "SENDER", "RECIPIENTS", "NEXT TRY ABOUT", "WHY"), rows)
    return f"{shown}\n{len(rows)} of {facts['found']}; {facts['total']} wait."


def _asking(operation: str) -> Any:
    return lambda options: job(operation, ids=options.ids)


def _telling(words: str) -> Any:
    def tell(facts: Any) -> str:
        told = [f"{words}: {', '.join(facts['done'])}."]
        if facts["gone"]:
            told.append(f"Did not wait any more: {', '.join(facts['gone'])}.")
        if facts.get("without_sender"):
            told.append(f"Have no sender, and stay: {', '.join(facts['without_sender'])}.")
        return "\n".join(told)

    return tell
