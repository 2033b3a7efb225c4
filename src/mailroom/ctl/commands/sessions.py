"""mailroomctl sessions: what users have open, and ending it."""

from __future__ import annotations

from typing import Any

from mailroom.ctl.shape import Options, Parsers, command, job, moment, noun, table


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "sessions", "what users have open")
    made = command(
        verbs, "list", "sessions of portal and window, connections of mail programs", sessions, tell_sessions
    )
    made.add_argument("--user", default="", help="of this user alone")
    made = command(
        verbs, "end", "end one of them; a mail program that knows the password connects again", end, tell_ended
    )
    made.add_argument("kind", choices=("portal", "window", "imap", "pop3"))
    made.add_argument("id", help="as the list tells it")
    made = command(
        verbs, "end-all", "end everything that a user has open, also what is not listed", end_all, tell_ended
    )
    made.add_argument("user")


def sessions(options: Options) -> Any:
    return job("sessions.list", user=options.user)


def tell_sessions(facts: Any) -> str:
    rows = [
        (
            one["user"],
            one["kind"],
            one["id"],
            one["address"],
            moment(one["opened"]) if one["opened"] else f"{one['connections']} connections",
        )
        for one in facts["sessions"]
    ]
    return table(("USER", "KIND", "ID", "ADDRESS", "SINCE"), rows) if rows else "Nobody has anything open."


def end(options: Options) -> Any:
    return job("sessions.end", kind=options.kind, id=options.id)


def end_all(options: Options) -> Any:
    return job("sessions.end_all", user=options.user)


def tell_ended(facts: Any) -> str:
    return "Ended."
