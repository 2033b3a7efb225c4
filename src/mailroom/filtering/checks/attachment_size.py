"""Messages with an attachment over the limit, received or sent (row DL08).

Catches files by their own size, as they will be saved, not as they travel. Costs nothing for messages that are smaller
than the limit, else about a millisecond for each 10 MB. Errs with MIME that can be read in two ways: such a message is
left to the limit of the whole message. RFC 2045, RFC 2046.
"""

from __future__ import annotations

import asyncio
import binascii

from mailroom.filtering.footer.fields import Broken
from mailroom.filtering.footer.tree import Buffer, Part, read
from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules

NAME = "attachment_size"
TITLE = "The size limit of attachments"
SETTING = "mail_delivery.general.max_attachment_mb"
REPLY = "552 5.3.4 An attachment exceeds fixed limit"
MB = 1024 * 1024


def applies(message: Message, rules: Rules) -> bool:
    return message.complete and rules.general.attachment_limit and message.size > rules.general.max_attachment_mb * MB


async def check(message: Message, rules: Rules) -> Answer:
    limit = rules.general.max_attachment_mb * MB
    try:
        # Up to 100 MB are looked through, in pieces between which others have their turn.
        largest = await asyncio.to_thread(_largest, message)
    except Broken:
        return Answer("pass", "its parts cannot be told apart", setting=SETTING)
    if largest <= limit:
        return Answer("pass", f"the largest has {largest} bytes", setting=SETTING)
    return Answer("reject", f"one has {largest} bytes, {limit} are allowed", reply=REPLY, setting=SETTING)


def _largest(message: Message) -> int:
    """Bytes of the largest file in a message. Raises Broken."""
    body = message.body.buffer()
    return max((size_of(part, body) for part in read(message.headers, body).each() if is_file(part)), default=0)


def is_file(part: Part) -> bool:
    """Whether mail programs would save it as a file: an attachment, or anything but text."""
    return not part.children and (part.is_attachment or not part.main.startswith("text/"))


def size_of(part: Part, body: Buffer) -> int:
    """Bytes of the decoded content."""
    raw = body[part.start : part.end]
    if part.encoding == "base64":
        letters = len(raw) - sum(raw.count(space) for space in (b"\r", b"\n", b" ", b"\t"))
        return letters * 3 // 4 - raw[-8:].count(b"=")
    return len(binascii.a2b_qp(raw)) if part.encoding == "quoted-printable" else len(raw)
