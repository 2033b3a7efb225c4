"""Messages beyond what a user may send to others in 24 hours (rows DQ01, DQ02, DQ05).

Asked last, about messages that nothing else has stopped. Costs two small transactions, of 0.2 ms each. Errs when
somebody sends a message to many recipients: it counts once, as in the guide. The reply is for our own users, so it says
all; permanent, because mail programs show that at once and keep the message. RFC 5321 4.2.1.
"""

from __future__ import annotations

import time

from mailroom.filtering.message import Answer, Message
from mailroom.filtering.quota import UNKNOWN
from mailroom.filtering.rules import Rules
from mailroom.store.usage import Taken

NAME = "daily_quota"
TITLE = "The daily quota"
MESSAGES, BYTES = "mail_delivery.daily_quota.messages", "mail_delivery.daily_quota.volume_mb"
LATER = "451 4.3.0 The daily quota cannot be looked up now; try again later"
MB = 1024 * 1024


def applies(message: Message, rules: Rules) -> bool:
    quota = rules.daily_quota
    return message.taken is not None and (quota.limit_messages or quota.limit_volume)


async def check(message: Message, rules: Rules) -> Answer:
    assert message.taken is not None
    taken, quota = message.taken, rules.daily_quota
    usage = taken.usage
    setting = MESSAGES if taken.full == "messages" or not (taken.full or quota.limit_volume) else BYTES
    if taken.full == UNKNOWN:
        return Answer("tempfail", "the outbound usage cannot be written", reply=LATER, setting=setting)
    detail = f"{usage.messages} messages and {usage.bytes / MB:.1f} MB since {_moment(usage.since)}"
    if not taken.full:
        return Answer("pass", detail, setting=setting)
    return Answer("reject", detail, reply=_reply(message, taken, rules), setting=setting)


def _reply(message: Message, taken: Taken, rules: Rules) -> str:
    quota, again = rules.daily_quota, _moment(taken.usage.until)
    if taken.full == "messages":
        return f"550 5.7.1 Your daily quota of {quota.messages} messages is used up; you can send again at {again}"
    if message.size > quota.volume_mb * MB:
        return f"552 5.3.4 This message alone is larger than your daily traffic limit of {quota.volume_mb} MB"
    return f"550 5.7.1 This message exceeds your daily traffic limit of {quota.volume_mb} MB; it resets at {again}"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M %z", time.localtime(seconds))
