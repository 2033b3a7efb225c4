"""Let the message through, with the scanners' findings in its headers."""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "deliver"


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    unscanned = [one.check for one in asked if one.answer.result == "unscanned"]
    if unscanned:
        changes.added.append((b"X-Mailroom-Unscanned", b" " + ", ".join(unscanned).encode()))
    for one in asked:
        if one.answer.score is not None:
            status = f" {'Yes' if one.answer.result == 'spam' else 'No'}, score={one.answer.score:.1f}"
            changes.added.append((b"X-Spam-Status", f"{status} required={rules.spam.threshold:.1f}".encode()))
