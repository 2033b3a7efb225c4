"""Take recipients off whose copy is to vanish, while others get theirs (row BW08)."""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "drop_recipients"


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    changes.dropped += [address for one in asked for address in one.answer.drops]
