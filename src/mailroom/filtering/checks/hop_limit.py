"""Messages that go in circles (row DL06).

Counts Received headers, one for each server that has passed the message on (RFC 5321 6.3). Costs nothing. Errs when an
honest message has come a very long way; the limit is the admin's.
"""

from __future__ import annotations

from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "hop_limit"
TITLE = "The hop limit"
SETTING = "mail_delivery.general.max_hops"
REPLY = "554 5.4.6 Too many hops"


def applies(message: Message, rules: Rules) -> bool:
    return message.complete


async def check(message: Message, rules: Rules) -> Answer:
    hops = message.count(b"received")
    if hops <= rules.general.max_hops:
        return Answer("pass", f"{hops} hops", setting=SETTING)
    return Answer("reject", f"{hops} hops, {rules.general.max_hops} are allowed", reply=REPLY, setting=SETTING)
