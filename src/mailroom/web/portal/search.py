"""Searching a folder: Dovecot answers, from its index as far as there is one (decision 0007)."""

from __future__ import annotations

import unicodedata

from mailroom.core.idn import a_labels
from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link

WORDS_MAX = 10


def page(link: Link, text: str, offset: int, limit: int) -> tuple[int, list[int]]:
    """(total, uids) of the messages of the open folder that have all words of `text`, newest first.

    A word is found anywhere: in the headers, in the text, at the beginning or inside of a longer word, composed or
    decomposed; in HTML as people read it (src/dovecot/html_text.c).
    """
    words = unicodedata.normalize("NFC", text).split()[:WORDS_MAX]
    return mailbox.sorted_page(link, tuple(part for word in words for part in _criteria(word)), offset, limit)


def _criteria(word: str) -> tuple[str | bytes, ...]:
    """The search keys for a word (RFC 3501 6.4.4). A domain in letters is looked for in A-labels, too."""
    local, at, domain = word.rpartition("@")
    if word.isascii() or not (at or "." in domain.strip(".")):
        return "TEXT", word.encode()
    try:
        written = f"{local}{at}{a_labels(domain.strip('.'))}"
    except ValueError:
        return "TEXT", word.encode()
    return "OR", "TEXT", word.encode(), "TEXT", written.encode()
