"""Charsets that Python has a codec for, by the names that mail gives them."""

from __future__ import annotations

from encodings import aliases, normalize_encoding

# Those that Python has no other name for (RFC 2319 for KOI8-U).
WITHOUT_ALIAS = ("koi8_u", "koi8_t", "cp874")
NAMES = {normalize_encoding(name) for name in (*aliases.aliases, *aliases.aliases.values(), *WITHOUT_ALIAS)}


def is_charset(name: str) -> bool:
    """Whether there is a codec of this name.

    To be asked before codecs.lookup or decode: Python looks for a file for each name that it does not know, and
    remembers that it found none, and strangers invent names.
    """
    return normalize_encoding(name.lower()) in NAMES
