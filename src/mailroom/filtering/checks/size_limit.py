"""Messages over the size limit (row DL07).

Postfix counts what it receives, as it announces it, and refuses what is announced as too large and what grows too large
on the way; its log tells us (early_refusals.py). This check catches what its count lets through. It allows for the
headers that Postfix completes (Date, Message-ID, From), which no client has sent. Costs nothing. Errs never. RFC 1870
6.1 gives the reply.
"""

from __future__ import annotations

from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "size_limit"
TITLE = "The size limit"
SETTING = "mail_delivery.general.max_message_mb"
COMPLETED_BYTES_MAX = 4096
REPLY = "552 5.3.4 Message size exceeds fixed limit"


def applies(message: Message, rules: Rules) -> bool:
    return message.data


async def check(message: Message, rules: Rules) -> Answer:
    limit = rules.general.max_message_bytes
    if message.data and not message.complete:
        return Answer("pass", f"not received whole; {limit} bytes are allowed", setting=SETTING)
    if message.size <= limit + COMPLETED_BYTES_MAX:
        return Answer("pass", f"{message.size} bytes", setting=SETTING)
    return Answer("reject", f"{message.size} bytes, {limit} are allowed", reply=REPLY, setting=SETTING)
