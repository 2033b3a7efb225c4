"""A message of the quarantine as plain text: nothing of it is run, fetched or shown as HTML.

Every cost is linear in what is read, which is no more than READ_BYTES_MAX of the message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mailroom.web.portal import html, split, transfer, words
from mailroom.web.portal.imap.structure import Part, leaves
from mailroom.web.portal.leaves import file_name

READ_BYTES_MAX = 1024 * 1024
TEXT_LETTERS_MAX = 100_000
HEADER_BYTES_MAX = 64 * 1024
FILES_MAX = 100
TEXTS = ("text/plain", "text/html")


def view(content: bytes) -> dict[str, Any]:
    """{header, text, from_html, cut, files}: what a person may look at.

    text: of the plain part, else of the HTML one without its tags. files: [{name, type}] of all that is not shown.
    content: the message as it came, or its beginning.
    """
    parts = list(leaves(split.whole(content)))
    shown = next((part for kind in TEXTS for part in parts if part.kind == kind and not _is_file(part)), None)
    text = _text(shown) if shown else ""
    files = [{"name": file_name(part), "type": part.kind} for part in parts if part is not shown]
    return {
        "header": _header(content),
        "text": text[:TEXT_LETTERS_MAX],
        "from_html": shown is not None and shown.kind == "text/html",
        "cut": len(text) > TEXT_LETTERS_MAX or len(content) >= READ_BYTES_MAX,
        "files": files[:FILES_MAX],
    }


def _is_file(part: Part) -> bool:
    return part.disposition == "attachment" or bool(part.name)


def _text(part: Part) -> str:
    is_html = part.kind == "text/html"
    found = words.text(transfer.decoded(part.raw or b"", part.encoding), part.charset, is_html)
    return html.plain_text(found) if is_html else found


def _header(content: bytes) -> str:
    """Its header as it came, letters that control a terminal or turn the reading direction left out."""
    head = content[:HEADER_BYTES_MAX].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    lines = words.text(head).split("\n")
    return "\n".join(_harmless(lines))


def _harmless(lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield words.BIDI.sub("", words.CONTROLS.sub("", line))
