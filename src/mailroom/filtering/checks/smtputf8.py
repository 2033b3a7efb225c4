"""Messages that only a server with SMTPUTF8 can take (RFC 6531), with a mailbox here among their recipients.

Dovecot 2.3 offers no SMTPUTF8 over LMTP, so Postfix would take the message and return it. It is refused instead, before
anything is sent, while the same message to others alone goes out. Costs nothing. Errs for an alias of ours that leads
only to other servers. RFC 6531 3.4 names the reply; decision 0034.
"""

from __future__ import annotations

from mailroom.filtering.disclaimers import is_inside
from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "smtputf8"
TITLE = "Addresses outside ASCII"
REPLY = (
    "550 5.6.7 Mailboxes of this server cannot take a message with addresses or headers outside ASCII; "
    "send it to them separately"
)


def applies(message: Message, rules: Rules) -> bool:
    if not message.smtputf8:
        return False
    addresses = [message.sender, *(one.address for one in message.accepted)]
    fields = (name + value for name, value in message.headers)
    return any(not one.isascii() for one in addresses) or any(not one.isascii() for one in fields)


async def check(message: Message, rules: Rules) -> Answer:
    copies = [one.address(rules.general.domain) for one in rules.auto_bcc if one.takes(message)]
    inside = [
        one
        for one in (*(known.address for known in message.accepted), *copies)
        if is_inside(one.lower(), rules.domains)
    ]
    if not inside:
        return Answer("pass", "it goes to other servers only")
    return Answer("reject", f"it needs SMTPUTF8, and {inside[0]} is a mailbox here", reply=REPLY)
