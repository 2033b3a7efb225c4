"""Messages over the size limit (row DL07).

Catches what a client announces as too large, which Postfix refuses at MAIL FROM, and what is too large by our own
count. A larger message that was never announced is ended by Postfix, which does not tell us. Costs nothing. Errs never.
RFC 1870 6.1 gives the reply.
"""

from __future__ import annotations

from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "size_limit"
TITLE = "The size limit"
SETTING = "mail_delivery.general.max_message_mb"
REPLY = "552 5.3.4 Message size exceeds fixed limit"


def applies(message: Message, rules: Rules) -> bool:
    return True


async def check(message: Message, rules: Rules) -> Answer:
    limit = rules.general.max_message_bytes
    size = max(message.size, message.announced)
    found = f"{size} bytes" if message.complete or size else "no bytes yet"
    if size <= limit:
        return Answer("pass", found if message.complete else f"{found}, {limit} are allowed", setting=SETTING)
    return Answer("reject", f"{found}, {limit} are allowed", reply=REPLY, setting=SETTING)
