"""Messages over the size limit (row DL07).

Catches what Postfix's message_size_limit lets through because of its own rounding. Costs nothing. Errs never.
RFC 1870 6.2 gives the reply.
"""

from __future__ import annotations

from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "size_limit"
SETTING = "mail_delivery.general.max_message_mb"


def applies(message: Message, rules: Rules) -> bool:
    return True


async def check(message: Message, rules: Rules) -> Answer:
    limit = rules.general.max_message_mb * 1024 * 1024
    if message.size <= limit:
        return Answer("pass", f"{message.size} bytes", setting=SETTING)
    reply = "552 5.3.4 Message size exceeds fixed limit"
    return Answer("reject", f"{message.size} bytes, {limit} are allowed", reply=reply, setting=SETTING)
