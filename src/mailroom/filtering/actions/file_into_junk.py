"""Mark the message so that Dovecot's Sieve rule files it into Junk (daemons/dovecot/before.sieve.j2)."""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "file_into_junk"


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    changes.added.append((b"X-Spam-Flag", b" YES"))
