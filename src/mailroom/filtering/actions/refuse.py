"""Refuse the message at the door with the check's own reply: for good (5xx) or for now (4xx)."""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "refuse"
WITHOUT_REASON = "451 4.7.1 Service unavailable - try again later"


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    changes.final = next((one.answer.reply for one in asked if one.answer.reply), WITHOUT_REASON)
