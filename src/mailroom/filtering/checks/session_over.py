"""Mail over a connection whose sign-in holds no longer (flows/session_grounds.py).

The password was changed, the user disabled or deactivated, or somebody has ended what the user had open. The reply
closes the connection (RFC 5321 3.8); whoever may still send signs in again. Costs a look at a number. Errs for who
signs in on a connection that was opened before: it has to connect once more.
"""

from __future__ import annotations

from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "session_over"
TITLE = "The sign-in"
REPLY = "421 4.7.0 What you signed in with has changed; connect and sign in again"


def applies(message: Message, rules: Rules) -> bool:
    return message.is_over


async def check(message: Message, rules: Rules) -> Answer:
    return Answer("tempfail", f"{message.login} has to sign in again", reply=REPLY, setting="account.user")
