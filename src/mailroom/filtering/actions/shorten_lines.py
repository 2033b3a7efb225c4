"""Make lines of more than 998 bytes shorter where a message goes to another server (RFC 5321 4.5.3.1.6).

Mailboxes here get every message as it came, and Postfix breaks no line: it would cut letters and links in two. Signed
and encrypted mail leaves as it is, and the journal says so.
"""

from __future__ import annotations

import logging

from mailroom.filtering import long_lines
from mailroom.filtering.disclaimers import is_inside
from mailroom.filtering.footer.tree import Buffer
from mailroom.filtering.long_lines import Header, Shortened
from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.own_clients import is_own_client
from mailroom.filtering.rules import Rules

NAME = "shorten_lines"
LOG = logging.getLogger("mailroom.filter")
# Larger ones would hold up the messages beside them.
BYTES_MAX = 30 * 1024 * 1024
TOO_LARGE = "it is larger than 30 MB"
FAILED = "its structure could not be followed"
# What was changed in a larger body is short enough by itself (footer/transfer.py, fits).
JOINED_BYTES_MAX = 1024 * 1024


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    elsewhere = any(not is_inside(one.address.lower(), rules.domains) for one in message.accepted)
    if not elsewhere or not is_own_client(message, rules):
        return
    _headers(message, changes)
    if changes.body is not None and message.size <= JOINED_BYTES_MAX:
        changes.body = [b"".join(changes.body)]
    body = changes.body[0] if isinstance(changes.body, list) else message.body.buffer()
    if not long_lines.has_long_line(body):
        return
    if changes.body is not None and not isinstance(changes.body, list):
        body = b"".join(changes.body)
        changes.body = [body]
    result = _shorten(message, body, changes)
    if result.left:
        changes.told.append(
            f"Lines of more than 998 bytes were sent as they are, because {result.left}; other servers may refuse them."
        )
    if result.changes:
        changes.told.append("Lines of more than 998 bytes were encoded, so that every server can take them.")
        changes.body = result.pieces(body)
        for name, value in result.headers:
            _set(message, changes, name, value)


def _shorten(message: Message, body: Buffer, changes: Changes) -> Shortened:
    if message.size > BYTES_MAX:
        return Shortened(left=TOO_LARGE)
    try:
        return long_lines.shorten(_current(message, changes), body)
    except Exception:
        # A fault of ours leaves the lines long; it does not cost the message.
        LOG.exception("long lines of %s", message.id)
        return Shortened(left=FAILED)


def _headers(message: Message, changes: Changes) -> None:
    """Fold long header lines. A header that another action changes is our own, and short."""
    if long_lines.is_signed(message.headers):
        return
    changed = {(name.strip().lower(), index) for index, name, _ in changes.replaced}
    seen: dict[bytes, int] = {}
    for name, value in message.headers:
        lower = name.strip().lower()
        seen[lower] = seen.get(lower, 0) + 1
        if len(name) + len(value) >= long_lines.LINE_BYTES_MAX and (lower, seen[lower]) not in changed:
            folded = long_lines.folded(name, value)
            if folded != value:
                changes.replaced.append((seen[lower], name, folded))


def _current(message: Message, changes: Changes) -> list[Header]:
    """The message's headers with those that say what its body is as they have been changed."""
    latest = {name.lower(): (name, value) for _, name, value in changes.replaced if _is_mime(name)}
    kept = [latest.get(name.strip().lower(), (name, value)) for name, value in message.headers]
    return kept + [(name, value) for name, value in changes.added if _is_mime(name)]


def _is_mime(name: bytes) -> bool:
    return name.lower().startswith((b"content-", b"mime-version"))


def _set(message: Message, changes: Changes, name: bytes, value: bytes) -> None:
    """Replace a header of the message, or add it; also when another action has added it."""
    if message.count(name.lower()):
        changes.replaced.append((1, name, value))
    else:
        changes.added = [one for one in changes.added if one[0].lower() != name.lower()] + [(name, value)]
