"""Lines of text that others have a hand in.

str.splitlines() also splits at VT, FF, FS, GS, RS, U+0085, U+2028 and U+2029. No protocol and no file of ours ends a
line with one of these, but names, addresses and settings may hold them: so whoever writes one would write lines.
"""

from __future__ import annotations

import re

# Of patterns: what no text of one line holds, the controls (C0, DEL, C1) and Unicode's own separators.
NOT_IN_A_LINE = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
ONE_LINE = rf"^[^{NOT_IN_A_LINE}]*$"
LINE_END = re.compile(r"\r\n?|\n")


def lines(text: str) -> list[str]:
    """The lines of a protocol or a file: each ends with LF, before which one CR is left out."""
    found = text.split("\n")
    if not found[-1]:
        found.pop()
    return [line.removesuffix("\r") for line in found]


def lines_of_text(text: str) -> list[str]:
    """The lines of a text that people read: each ends with CR LF, LF or CR, as mail programs end them."""
    found = LINE_END.split(text)
    if not found[-1]:
        found.pop()
    return found
