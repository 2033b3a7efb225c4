"""Writes tables.h: HTML's named characters, its meaning of 128 to 159, and the order of combining marks.

Usage: tables.py > tables.h. From Python's html.entities and unicodedata, so that nothing is written down twice.
Sources: HTML Standard 13.5 and 13.2.5.80, Unicode Standard 3.11 (Canonical_Combining_Class).
"""

from __future__ import annotations

import html
import sys
import unicodedata
from collections.abc import Iterator
from html.entities import html5


def quoted(text: str) -> str:
    """A C string; three digits, so that no letter behind one belongs to it."""
    return '"' + "".join(f"\\{byte:03o}" for byte in text.encode()) + '"'


def marks() -> Iterator[tuple[int, int, int]]:
    """(first, last, class) of neighbours that are sorted alike."""
    start, last, former = 0, 0, 0
    for code in range(sys.maxunicode + 2):
        found = unicodedata.combining(chr(code)) if code <= sys.maxunicode else 0
        if found != former:
            if former:
                yield start, last, former
            start, former = code, found
        last = code


def main() -> None:
    print("/* Made by tables.py. */")
    print("static const struct named_character named_characters[] = {")
    for name in sorted(html5, key=str.encode):
        print(f'\t{{ "{name}", {quoted(html5[name])} }},')
    print("};\nstatic const uint16_t windows_characters[32] = {")
    print("\t" + ", ".join(str(ord(html.unescape(f"&#{code};") or chr(code))) for code in range(128, 160)))
    print("};\nstatic const struct mark_range mark_ranges[] = {")
    for start, last, kind in marks():
        print(f"\t{{ {start}, {last}, {kind} }},")
    print("};")


if __name__ == "__main__":
    main()
