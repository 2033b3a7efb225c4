"""Searching a folder: Dovecot answers, from its index as far as there is one (decision 0007)."""

from __future__ import annotations

import unicodedata

from mailroom.web.portal.imap import mailbox
from mailroom.web.portal.imap.link import Link

WORDS_MAX = 10


def page(link: Link, text: str, offset: int, limit: int) -> tuple[int, list[int]]:
    """(total, uids) of the messages of the open folder that have all words of `text`, newest first.

    A word is found anywhere: in the headers, in the text, at the beginning or inside of a longer word, composed or
    decomposed; in HTML as people read it (src/dovecot/html_text.c).
    """
    words = unicodedata.normalize("NFC", text).split()[:WORDS_MAX]
    return mailbox.sorted_page(link, tuple(part for word in words for part in ("TEXT", word.encode())), offset, limit)
