"""Whether a text holds the footer already, its own or one in a quoted mail: then it is not put in once more.

Spaces, line ends and quote marks do not count, since mail programs wrap what they quote.
"""

from __future__ import annotations

from mailroom.core.lines import lines_of_text
from mailroom.filtering.footer import html

# Shorter ones are looked for as whole lines: "Example Ltd" in the middle of a sentence is no footer.
SHORT_LETTERS = 24


def holds(text: str, footer: str, as_html: bool) -> bool:
    """Whether people read `footer` in `text` already."""
    known, wanted = (html.seen(text), html.seen(footer)) if as_html else (text, footer)
    if not _bare(wanted):
        # Pictures alone.
        return "".join(footer.split()) in "".join(text.split())
    if len(_bare(wanted)) >= SHORT_LETTERS:
        return _bare(wanted) in _bare(known)
    return _lines(wanted) in _lines(known)


def _bare(text: str) -> str:
    return "".join(text.replace(">", " ").split())


def _lines(text: str) -> str:
    return "\n".join(["", *filter(None, map(_bare, lines_of_text(text))), ""])
