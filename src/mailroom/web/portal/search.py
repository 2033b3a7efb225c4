"""Searching a folder. The index answers; what it is blind to, a single letter, is looked for in the mail itself.

Measured: fts-xapian finds nothing, and says nothing, for words shorter than its smallest piece, and a single character
can be a whole word in Chinese and Japanese.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from mailroom.daemons.places import INDEXED_LETTERS
from mailroom.web.portal import reading
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link

WORDS_MAX = 10
SCAN_LIMIT_S = 8.0
SCAN_AT_ONCE = 100
SCAN_ITEMS = "(UID ENVELOPE BODYSTRUCTURE)"
LETTERS_READ = 200_000


def page(
    link: Link, text: str, offset: int, limit: int, elapsed: Callable[[], float] = time.monotonic
) -> tuple[int, list[int], bool]:
    """(total, uids, complete) of the messages of the open folder that have all words of `text`, newest first.

    complete: False when a search without the index was given up after SCAN_LIMIT_S; total then counts what was found.
    """
    words = text.split()[:WORDS_MAX]
    indexed = [word for word in words if len(word) >= INDEXED_LETTERS]
    short = [word.casefold() for word in words if len(word) < INDEXED_LETTERS]
    criteria: tuple[str | bytes, ...] = tuple(part for word in indexed for part in ("TEXT", word.encode())) or ("ALL",)
    if not short:
        total, uids = mailbox.sorted_page(link, criteria, offset, limit)
        return total, uids, True
    found, complete = _scan(link, criteria, short, elapsed)
    return len(found), found[offset : offset + limit], complete


def _scan(
    link: Link, criteria: tuple[str | bytes, ...], short: list[str], elapsed: Callable[[], float]
) -> tuple[list[int], bool]:
    until = elapsed() + SCAN_LIMIT_S
    found: list[int] = []
    at, total = 0, 1
    while at < total:
        total, uids = mailbox.sorted_page(link, criteria, at, SCAN_AT_ONCE)
        items = mailbox.rows(link, uids, SCAN_ITEMS)
        for uid in uids:
            if elapsed() > until:
                return found, False
            if uid in items and _has_all(link, reading.message(uid, items[uid]), short):
                found.append(uid)
        at += SCAN_AT_ONCE
    return found, True


def _has_all(link: Link, message: reading.Message, short: list[str]) -> bool:
    left = [word for word in short if word not in _head(message)]
    if not left:
        return True
    part = message.text_part
    if part is None:
        return False
    body = reading.content_of(link, message.uid, part)[:LETTERS_READ].casefold()
    return all(word in body for word in left)


def _head(message: reading.Message) -> str:
    row = reading.row(message.uid, message.items)
    people = " ".join(f"{one['name']} {one['address']}" for one in [row["from"], *row["to"]])
    return f"{row['subject']} {people}".casefold()
