"""Mail from an address that is blocked because it guesses accounts (row PO10).

Refused at MAIL FROM, so that it does not learn which accounts exist. Costs one look-up in a small table. Errs when many
people write from one address and one of them has an infected computer: the block can be lifted. RFC 5321 4.2.1.
"""

from __future__ import annotations

from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "guessing"
TITLE = "Blocked addresses"
SETTING = "mail_delivery.security.unknown_accounts"
REPLY = "554 5.7.1 Too many unknown recipients today; blocked until tomorrow"


def applies(message: Message, rules: Rules) -> bool:
    return message.blocked


async def check(message: Message, rules: Rules) -> Answer:
    limit = rules.policy.unknown_accounts
    return Answer("reject", f"it wrote to more than {limit} unknown accounts today", reply=REPLY, setting=SETTING)
