"""The journal record of a message, and the writer that the filter hands it to. No subject, no body."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mailroom.filtering import conditions
from mailroom.filtering.message import Asked, Changes, Message
from mailroom.store.journal import JournalStore


def record_of(message: Message, asked: list[Asked], verdict: str, changes: Changes) -> dict[str, Any]:
    """Everything that the pages and "explain" need to know of a message."""
    return {
        "id": message.id,
        "time": message.arrived,
        "client": message.client.address,
        "client_name": message.client.name,
        "helo": message.client.helo,
        "daemon": message.daemon,
        "tls": message.tls,
        "login": message.login,
        "sender": message.sender,
        "recipients": [asdict(recipient) for recipient in message.recipients],
        "size": message.size,
        "message_id": message.first(b"message-id")[:998],
        "queue_id": message.queue_id,
        "verdict": verdict,
        "actions": changes.taken,
        "told": changes.told,
        "copies": changes.copies,
        "reply": changes.final,
        "checks": [_check(one) for one in asked],
    }


def _check(one: Asked) -> dict[str, Any]:
    """A check's answer. What few answers have is left out of the others."""
    answer = asdict(one.answer)
    rare = {name: answer.pop(name) for name in ("skips", "drops")}
    return {"check": one.check, "ms": one.ms, **answer, **{name: value for name, value in rare.items() if value}}


class Journal:
    """Writes records. Raises OSError when the disk refuses."""

    def __init__(self, store: JournalStore | None = None) -> None:
        self.store = store or JournalStore()

    def write(self, message: Message, asked: list[Asked], verdict: str, changes: Changes) -> None:
        """Keep the record before the sender is answered."""
        with conditions.disk("disk-journal", "The journal"):
            self.store.add(record_of(message, asked, verdict, changes))
