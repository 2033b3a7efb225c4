"""Messages with more headers than any honest one has.

Catches floods meant to exhaust whoever reads them, and to push our own headers out of sight. Costs nothing. Errs never:
real mail has some dozens of headers. RFC 5321 4.5.3.1 lets a server have limits; the reply is RFC 3463's 5.6.0.
"""

from __future__ import annotations

from mailroom.filtering.message import HEADER_BYTES_MAX, HEADERS_MAX, Answer, Message
from mailroom.filtering.rules import Rules

NAME = "header_limit"
TITLE = "The header limit"
REPLY = "554 5.6.0 Too many headers"


def applies(message: Message, rules: Rules) -> bool:
    return message.header_count > HEADERS_MAX or message.header_bytes > HEADER_BYTES_MAX


async def check(message: Message, rules: Rules) -> Answer:
    found = f"{message.header_count} headers of {message.header_bytes} bytes"
    return Answer("reject", f"{found}; {HEADERS_MAX} of {HEADER_BYTES_MAX} bytes are allowed", reply=REPLY)
