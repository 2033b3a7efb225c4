"""Messages for which the disk has no room.

Catches a body that the disk did not take, and the sender whom Postfix sent away at once because the queue's disk holds
less than one and a half times the largest message (postconf(5) queue_minfree). Costs one statvfs. Errs never: the
sender comes back later. RFC 5321 4.2.3 gives the reply.
"""

from __future__ import annotations

import shutil

from mailroom.core import paths
from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "disk_room"
TITLE = "The disk"
REPLY = "452 4.3.1 Insufficient system storage"


def applies(message: Message, rules: Rules) -> bool:
    return bool(message.body.refused) or not (message.recipients or message.complete)


async def check(message: Message, rules: Rules) -> Answer:
    if message.body.refused:
        return Answer("tempfail", f"the message could not be kept: {message.body.refused}", reply=REPLY)
    if is_full(rules):
        return Answer("tempfail", "the volume is full", reply=REPLY)
    return Answer("pass", "there is room")


def is_full(rules: Rules) -> bool:
    """Whether Postfix finds too little room for a message. False when nobody can say."""
    try:
        return shutil.disk_usage(paths.QUEUE).free < rules.general.max_message_bytes * 3 // 2
    except OSError:
        return False
