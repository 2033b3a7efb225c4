"""Patterns in which * stands for anything. Takes time in proportion to the text, whatever the pattern."""

from __future__ import annotations


def fits(pattern: str, text: str) -> bool:
    """Whether the whole of `text` is as `pattern` says. Both in lower case."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    *middle, last = rest
    end = len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last) or end < len(first):
        return False
    at = len(first)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
