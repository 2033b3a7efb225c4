"""A few characters of each kind that Unicode knows, and those that have made trouble somewhere."""

from __future__ import annotations

import unicodedata
from functools import cache

# Line ends and separators, direction, joiners, halves of characters, the ends of planes.
KNOWN = "\0\t\n\x0b\x0c\r\x1c\x1b\x7f\x85\xa0\xad\u200b\u200d\u200e\u2028\u2029\u202e\u2066\ufeff\ufffd"
ENDS = "\uffff\U0001f600\U0010ffff"
HALVES = "\ud800\udbff\udc80\udfff"
EACH = 1


@cache
def samples() -> tuple[str, ...]:
    """Single characters, the same on every run."""
    found: dict[str, list[str]] = {}
    # Every 7th: all categories are met, in a tenth of the time.
    for number in range(0, 0x110000, 7):
        kind = found.setdefault(unicodedata.category(chr(number)), [])
        if len(kind) < EACH:
            kind.append(chr(number))
    return tuple(dict.fromkeys([*KNOWN, *ENDS, *HALVES, *(char for kind in found.values() for char in kind)]))
