"""What Postfix has refused by itself gets its record (flows/early_refusals.py reads of it in Postfix's log)."""

from __future__ import annotations

import time
from typing import Any

from mailroom.filtering.body import Body
from mailroom.filtering.checks import size_limit
from mailroom.filtering.ids import new_id
from mailroom.filtering.journal import record_of
from mailroom.filtering.message import Answer, Asked, Changes, Client, Message
from mailroom.store.journal import JournalStore

TOLD = "Postfix refused it by itself, at MAIL FROM: nothing of the message was sent."
STEPS = {
    "rcpt": "Postfix refused a recipient by itself, for how it was named; others may have been taken.",
    "connect": "Postfix turned the connection away: this address had too many, or too many in a minute. "
    "It is recorded once in ten minutes.",
}
SIZE = "552 "


def record(asked: dict[str, str], store: JournalStore) -> None:
    """Write the record of a refusal, or say in the one that is there why it ended. Raises OSError."""
    reply, queue_id = asked.get("reply", ""), asked.get("queue_id", "")
    known = store.get(queue_id) if queue_id else None
    if known is not None:
        if known["verdict"] == "dropped":
            store.amend({**known, **_outcome(reply), "checks": [*_others(known), _check(reply)]})
        return
    if queue_id:
        return
    client = Client(asked.get("client", ""), asked.get("client_name", ""), asked.get("helo", ""))
    message = Message(
        new_id(), time.time(), client, Body(0), daemon=asked.get("daemon", ""), sender=asked.get("sender", "")
    )
    why = [Asked(size_limit.NAME, _answer(reply), 0.0)] if reply.startswith(SIZE) else []
    store.add(
        record_of(
            message,
            why,
            _outcome(reply)["verdict"],
            Changes(final=reply, told=[STEPS.get(asked.get("step", ""), TOLD)]),
        )
    )


def _outcome(reply: str) -> dict[str, str]:
    return {"verdict": "tempfail" if reply.startswith("4") else "reject", "reply": reply}


def _answer(reply: str) -> Answer:
    return Answer("reject", "larger than is allowed", reply=reply, setting=size_limit.SETTING)


def _others(known: dict[str, Any]) -> list[dict[str, Any]]:
    return [check for check in known["checks"] if check["check"] != size_limit.NAME]


def _check(reply: str) -> dict[str, Any]:
    answer = _answer(reply)
    return {"check": size_limit.NAME, "ms": 0.0, "result": answer.result, "detail": answer.detail, "score": None,
            "reply": reply, "setting": answer.setting}  # fmt: skip
