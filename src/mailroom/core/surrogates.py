"""Halves of characters in text that came as JSON: no UTF-8 has them (RFC 3629 3), and no file or table takes them.

JSON can write them (RFC 8259 8.2), so whoever reads JSON of others looks for them once, at the door.
"""

from __future__ import annotations

from typing import Any

SENTENCE = "There is half a character in this text."
Place = tuple[str | int, ...]


def place_of_half(value: Any) -> Place | None:
    """Where in JSON-able facts a text holds half a character, e.g. ("to", 0): the keys that lead there; None: nowhere.

    Of a key that holds one, where the key stands.
    """
    due: list[tuple[Place, Any]] = [((), value)]
    while due:
        place, one = due.pop()
        if isinstance(one, str):
            if not _is_whole(one):
                return place
        elif isinstance(one, dict):
            if not all(_is_whole(key) for key in one if isinstance(key, str)):
                return place
            due += [((*place, key), inner) for key, inner in one.items()]
        elif isinstance(one, list):
            due += [((*place, number), inner) for number, inner in enumerate(one)]
    return None


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
