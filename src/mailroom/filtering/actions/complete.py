"""Add the headers that a user's mail program, a script or a device has left out (filtering/completing.py)."""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "complete"


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    changes.added.extend(message.completed)
