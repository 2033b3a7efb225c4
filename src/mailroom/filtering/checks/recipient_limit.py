"""Messages to as many recipients as are allowed (row DL05).

Postfix counts, and answers those beyond the limit with 452 without telling us; the client brings them in another
message (RFC 5321 4.5.3.1.10). This check says in the journal that the limit was reached. Costs nothing.
"""

from __future__ import annotations

from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "recipient_limit"
TITLE = "The recipient limit"
SETTING = "mail_delivery.general.max_recipients"


def applies(message: Message, rules: Rules) -> bool:
    return len(message.accepted) >= rules.general.max_recipients


async def check(message: Message, rules: Rules) -> Answer:
    reached = f"all {rules.general.max_recipients} recipients that one message may have were taken"
    return Answer("pass", f"{reached}; for any beyond, the sender was asked to send another message", setting=SETTING)
