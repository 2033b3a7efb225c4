"""Whether what a signed-in user's message shows as its sender is the user's own (row DL11, decision 0030).

Postfix has looked at MAIL FROM by the same list of addresses; this check looks at From and Sender, and at what is sent
without an envelope sender. The portal always keeps to it. Costs some microseconds. The reply is for our own users, so
it says all. RFC 6409 6.1, RFC 5322 3.6.2, RFC 8098 3, RFC 3834.
"""

from __future__ import annotations

from mailroom.core.address import without_extension
from mailroom.filtering.checks.own_domain import printable
from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules
from mailroom.filtering.shown_addresses import shown

NAME = "sender_login"
TITLE = "Sender and login name"
SETTING = "mail_delivery.general.sender_equals_login"
PORTAL = "portal"
LATER = "451 4.3.0 Your addresses cannot be looked up now; try again later"


def applies(message: Message, rules: Rules) -> bool:
    return message.complete and bool(message.login) and (rules.general.sender_equals_login or message.daemon == PORTAL)


async def check(message: Message, rules: Rules) -> Answer:
    owned = message.owned
    if owned is None:
        return Answer("tempfail", "the addresses of accounts cannot be read", reply=LATER, setting=SETTING)
    if not message.sender and not is_notification(message):
        return _refused(message, "nobody as the sender", "it has no envelope sender and is no notification")
    found = shown(message, b"from", b"sender")
    for address in found:
        if address not in owned and without_extension(address, rules.general.separator) not in owned:
            return _refused(message, printable(address), f"it shows {printable(address)} as its sender")
    # Without From the user's own address is put in (RFC 6409 8.1); one that shows no address is somebody's trick.
    if message.count(b"from") and not shown(message, b"from"):
        return _refused(message, "nobody", "its From shows no address")
    return Answer("pass", "; ".join(map(printable, found)), setting=SETTING)


def is_notification(message: Message) -> bool:
    """Whether it may have no envelope sender: a read receipt (RFC 8098 3) or an automatic answer (RFC 3834 3.3)."""
    automatic = message.first(b"auto-submitted").lower()
    return message.first(b"content-type").lower().startswith("multipart/report") or automatic.startswith("auto-")


def _refused(message: Message, whom: str, detail: str) -> Answer:
    own = next(iter(sorted(message.owned or ())), "")
    step = f"; use an own address like {own}" if own else ""
    reply = f"550 5.7.1 You are signed in as {printable(message.login)} and may not write as {whom}{step}"
    return Answer("reject", f"{message.login} is signed in; {detail}", reply=reply, setting=SETTING)
