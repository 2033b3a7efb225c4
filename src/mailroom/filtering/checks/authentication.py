"""Mail on a port for users from a client that has not signed in (rows DL09, DL10, PR02, PR03).

Refused at MAIL FROM, as RFC 6409 4.3 demands, with the reply of RFC 4954 6, by which mail programs know that they have
to sign in. Postfix would say so only at RCPT TO. Costs nothing.
"""

from __future__ import annotations

from mailroom.filtering.message import Answer, Message
from mailroom.filtering.own_clients import must_sign_in
from mailroom.filtering.rules import Rules

NAME = "authentication"
TITLE = "SMTP authentication"
SETTING = "mail_delivery.general.smtp_auth"
REPLY = "530 5.7.0 Authentication required"


def applies(message: Message, rules: Rules) -> bool:
    return must_sign_in(message, rules)


async def check(message: Message, rules: Rules) -> Answer:
    return Answer("reject", "nobody has signed in, on a port for users", reply=REPLY, setting=SETTING)
