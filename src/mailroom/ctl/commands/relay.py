"""mailroomctl relay: try the relay server."""

from __future__ import annotations

from typing import Any

from mailroom.ctl.commands.settings import value_of
from mailroom.ctl.shape import Options, Parsers, command, job, noun, table

PAGE = "mail_delivery.delivery"


def add(parsers: Parsers) -> None:
    verbs = noun(parsers, "relay", "the server through which mail for others goes")
    made = command(verbs, "test", "talk to it up to the recipient; nothing is sent", test, tell)
    made.add_argument(
        "changes", nargs="*", metavar="KEY=VALUE", help=f"instead of what is applied, e.g. port=465; KEY as in {PAGE}"
    )
    made.add_argument("--to", default="", help="the recipient to name")
    made.add_argument("--domain", default="", help="try the relay of this sender domain instead")


def test(options: Options) -> Any:
    words = (word.partition("=") for word in options.changes)
    changes = {key: value_of(PAGE, key, text) for key, _, text in words}
    return job("relay.test", changes=changes, to=options.to, domain=options.domain)


def tell(facts: Any) -> str:
    rows = [(one["id"], one["state"], " ".join(filter(None, (one["text"], one["words"])))) for one in facts["steps"]]
    return "\n".join(filter(None, [table(("STEP", "STATE", "WORDS"), rows), facts["next"]]))
