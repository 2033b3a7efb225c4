"""mailroomctl bans: who has guessed passwords or accounts too often, and letting somebody in again."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from mailroom.core import paths
from mailroom.core.line_socket import ask
from mailroom.core.problems import Unavailable
from mailroom.ctl.shape import Options, Parsers, command, job, moment, noun, table


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "bans", "who may not sign in for now")
    command(verbs, "list", "who has to wait; of kind mail: addresses that may send no mail today", bans, tell_bans)
    made = command(verbs, "lift", "let an address or account in again", lift, tell_lifted)
    made.add_argument("kind", choices=("address", "account", "mail"))
    made.add_argument("value")
    command(parsers, "ways", "how passwords are checked on this host", ways, tell_ways)


def bans(options: Options) -> Any:
    known = ask(paths.SIGNIN_SOCKET, {"op": "bans"})["bans"]
    # Without the job process the others are told all the same.
    with suppress(Unavailable):
        known += job("blocked.list")
    return {"bans": known}


def tell_bans(facts: Any) -> str:
    rows = [(one["kind"], one["value"], one["failures"], moment(one["until"])) for one in facts["bans"]]
    return table(("KIND", "WHO", "FAILURES", "UNTIL"), rows) if rows else "Nobody has to wait."


def lift(options: Options) -> Any:
    if options.kind == "mail":
        return job("blocked.lift", address=options.value)
    lifted = ask(paths.SIGNIN_SOCKET, {"op": "unban", "kind": options.kind, "value": options.value})
    # The same record as the window's. Without the job process it is lifted all the same.
    with suppress(Unavailable):
        job("events.add", kind="signin", text=f"Let {options.kind} {options.value} in again.")
    return lifted


def tell_lifted(facts: Any) -> str:
    return f"{facts['unbanned']} is held back no longer."


def ways(options: Options) -> Any:
    return ask(paths.SIGNIN_SOCKET, {"op": "ways"})


def tell_ways(facts: Any) -> str:
    return "\n".join(f"{name}: {value}" for name, value in facts.items())
