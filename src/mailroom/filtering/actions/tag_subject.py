"""Put the admin's words before the subject of spam (row SA06).

The words are printable ASCII, so that they stand before an encoded subject (RFC 2047) without touching it.
"""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "tag_subject"


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    if not rules.spam.tag_subject:
        return
    words = rules.spam.subject_prefix.encode("ascii")
    for name, value in message.headers:
        if name.strip().lower() == b"subject":
            changes.replaced.append((1, b"Subject", b" " + words + b" " + value.lstrip()))
            return
    changes.added.append((b"Subject", b" " + words))
