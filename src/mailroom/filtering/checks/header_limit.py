"""Messages with more headers, or a longer one, than can be passed on whole.

Catches floods meant to exhaust whoever reads them, and to push our own headers out of sight; and a header that Postfix
has cut, or may have cut, before it was shown to us: a To with 900 names would reach its readers with 800. Costs
nothing. Errs for a header of 53,900 to 60,000 bytes, which Postfix would pass on. RFC 5321 4.5.3.1 lets a server have
limits; the reply is RFC 3463's 5.6.0.
"""

from __future__ import annotations

from mailroom.core.mail_header import FIELD_BYTES_MAX
from mailroom.filtering.message import HEADER_BYTES_MAX, HEADERS_MAX, Answer, Message
from mailroom.filtering.rules import Rules

NAME = "header_limit"
TITLE = "The header limit"
REPLY = "554 5.6.0 Too many headers"
LONG = "554 5.6.0 A header is longer than 53,900 bytes, perhaps To with too many names; send it to fewer at once"


def applies(message: Message, rules: Rules) -> bool:
    return (
        message.header_count > HEADERS_MAX
        or message.header_bytes > HEADER_BYTES_MAX
        or message.longest_header > FIELD_BYTES_MAX
    )


async def check(message: Message, rules: Rules) -> Answer:
    if message.header_count <= HEADERS_MAX and message.header_bytes <= HEADER_BYTES_MAX:
        detail = f"a header of {message.longest_header} bytes; {FIELD_BYTES_MAX} bytes are allowed"
        return Answer("reject", detail, reply=LONG)
    found = f"{message.header_count} headers of {message.header_bytes} bytes"
    return Answer("reject", f"{found}; {HEADERS_MAX} of {HEADER_BYTES_MAX} bytes are allowed", reply=REPLY)
