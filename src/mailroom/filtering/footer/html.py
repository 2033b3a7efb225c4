"""Where in an HTML text the footer goes, and what of HTML people read. Works on bytes: ASCII is the same everywhere."""

from __future__ import annotations

import re
from html import unescape

from mailroom.core.lines import lines_of_text

MARK = re.compile(
    rb"<!--(?:-?>)?|<(script|style|textarea|title|xmp|noscript|iframe|noembed|noframes|plaintext)(?=[\s/>])|</(body|html)[\s/]*>",
    re.IGNORECASE,
)
COMMENT_END = re.compile(rb"--!?>")
OPEN_TAG = re.compile(rb"<[a-zA-Z/!?][^>]*\Z")


def end_of_body(content: bytes) -> int:
    """The byte before which something is shown last: at </body>, else at </html>, else at the end.

    What is in a comment, a style or a script does not count; what is never closed is not entered.
    """
    ends: dict[bytes, int] = {}
    at = 0
    while mark := MARK.search(content, at):
        at = mark.end()
        if mark[2]:
            ends[mark[2].lower()] = mark.start()
        elif not mark[0].endswith(b">"):
            at = _end_of(content, mark)
            if at < 0:
                # Everything that follows is swallowed by it.
                return ends.get(b"body", ends.get(b"html", mark.start()))
    if ends:
        return ends.get(b"body", ends.get(b"html", len(content)))
    last = content.rfind(b"<")
    return last if last >= 0 and OPEN_TAG.match(content, last) else len(content)


def _end_of(content: bytes, mark: re.Match[bytes]) -> int:
    name = mark[1]
    end = re.compile(rb"</" + name + rb"(?=[\s/>])", re.IGNORECASE) if name else COMMENT_END
    found = end.search(content, mark.end())
    return found.end() if found else -1


def seen(source: str) -> str:
    """What people read of it, roughly, each piece between tags on a line: good enough to find a text again."""
    first, *rest = source.split("<")
    return unescape("\n".join([first, *(piece.partition(">")[2] for piece in rest)]))


def block(html: str, newline: str) -> str:
    """The footer as a block of its own, with the part's line ends."""
    return f"<div>{newline.join(lines_of_text(html.strip()))}</div>{newline}"
