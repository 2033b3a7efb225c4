"""Take the message and throw it away; the sender is not told (row AV08)."""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "delete"


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    changes.final = "discard"
