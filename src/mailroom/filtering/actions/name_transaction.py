"""Write the transaction's id into the message: Dovecot delivers each once (daemons/dovecot/before.sieve.j2).

While there are rules of Auto BCC, a mark comes with it (filtering/own_mark.py), by which a copy that comes back is
known; else the id leaves this server on no mail to others (main.cf.j2). After everything that changes the body.
"""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.own_mark import digest, mark
from mailroom.filtering.rules import Rules

NAME = "name_transaction"
HEADER = b"X-Mailroom-ID"


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    value = f" {message.id}"
    if rules.auto_bcc:
        if changes.body is not None:
            # It is read twice: here, and on its way to Postfix.
            changes.body = list(changes.body)
        body = message.body.pieces() if changes.body is None else changes.body
        value += f" {mark(message.id, _about(message, changes), digest(body))}"
    changes.added.append((HEADER, value.encode()))


def _about(message: Message, changes: Changes) -> tuple[str, str]:
    """Message-ID and subject as they leave: spam's subject is another one by now (actions/tag_subject.py)."""
    tagged = (value.decode("utf-8", "replace") for _, name, value in changes.replaced if name.lower() == b"subject")
    return message.first(b"message-id"), next(tagged, message.first(b"subject"))
