"""Headers that a submission lacks and a message must have (RFC 6409 8.2, 8.3; RFC 5322 3.6).

Added before anything is judged, so that scanners, journal, disclaimer and Auto BCC see the message that leaves. Never
to mail of other servers: what they left out is theirs. Postfix could do it (always_add_missing_headers), but by service
and not by client; where it goes by client (local_header_rewrite_clients) it rewrites the addresses in headers, too.
"""

from __future__ import annotations

from email.utils import formatdate

from mailroom.core import mail_header
from mailroom.filtering.message import Header, Message
from mailroom.filtering.own_clients import is_own_client
from mailroom.filtering.rules import Rules


def missing(message: Message, rules: Rules) -> list[Header]:
    """What has to be added to this message, none of it when it comes from another server."""
    if not is_own_client(message, rules):
        return []
    found: list[Header] = []
    if not message.count(b"message-id"):
        found.append(_header("Message-ID", f"<{message.id}@{rules.general.hostname}>"))
    if not message.count(b"date"):
        found.append(_header("Date", formatdate(message.arrived, localtime=True)))
    if not message.count(b"from"):
        found.append(_author(message, rules))
    return found


def _author(message: Message, rules: Rules) -> Header:
    try:
        return _header("From", message.sender or f"{message.login}@{rules.general.domain}" * bool(message.login))
    except ValueError:
        return _header("From", f"postmaster@{rules.general.domain}")


def _header(name: str, value: str) -> Header:
    """As the milter protocol has it: folded by line feeds, without the line end."""
    whole = mail_header.structured_field(name, *value.split(" ")).removesuffix(b"\r\n").replace(b"\r\n", b"\n")
    return name.encode(), whole.partition(b":")[2]
