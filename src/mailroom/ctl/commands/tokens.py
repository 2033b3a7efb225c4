"""mailroomctl tokens: what lets scripts use the API."""

from __future__ import annotations

from typing import Any

from mailroom.core.scopes import DAYS_MAX, SCOPES
from mailroom.ctl.shape import Options, Parsers, command, job, moment, noun, table, who


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "tokens", "tokens that let scripts use the API")
    command(verbs, "list", "every token, and when it was last used", lambda options: job("tokens.list"), tell_tokens)
    made = command(verbs, "create", "make a token; it is shown this once", create, tell_created)
    made.add_argument("name", help="what it is for")
    made.add_argument("--scope", action="append", choices=SCOPES, required=True, help="what it may do; may be repeated")
    made.add_argument("--days", type=int, default=90, help=f"how long it works, at most {DAYS_MAX}")
    made.add_argument("--for", dest="maker", metavar="USER", help="the administrator for whom it speaks (default: you)")
    made = command(verbs, "revoke", "end a token at once", revoke, tell_revoked)
    made.add_argument("token", help="its name or its id")


def tell_tokens(facts: Any) -> str:
    rows = [
        (
            one["id"],
            one["name"],
            one["maker"],
            one["state"],
            moment(one["expires"]),
            f"{moment(one['used'])} from {one['used_from']}" if one["used"] else "never",
            ",".join(one["scopes"]),
        )
        for one in facts["tokens"]
    ]
    head = ("ID", "NAME", "MADE BY", "STATE", "EXPIRES", "LAST USED", "SCOPES")
    return table(head, rows) if rows else "There are no tokens."


def create(options: Options) -> Any:
    maker = options.maker or who()
    return job("tokens.create", name=options.name, scopes=options.scope, days=options.days, maker=maker)


def tell_created(facts: Any) -> str:
    return f"{facts['token']}\nKeep it safe: it is not shown again. It works until {moment(facts['expires'])}."


def revoke(options: Options) -> Any:
    return job("tokens.revoke", id=options.token)


def tell_revoked(facts: Any) -> str:
    return f"The token {facts['revoked']} works no longer."
