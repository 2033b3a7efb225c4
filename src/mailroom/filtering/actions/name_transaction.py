"""Write the transaction's id into the message: Dovecot delivers each once (daemons/dovecot/before.sieve.j2).

While there are rules of Auto BCC, a mark comes with it (filtering/own_mark.py), by which a copy that comes back is
known; else the id leaves this server on no mail to others (main.cf.j2). After everything that changes the body.
"""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.own_mark import mark
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
        value += f" {mark(message.id, message.first(b'message-id')[:998], body)}"
    changes.added.append((HEADER, value.encode()))
