"""Names for messages: sortable by time, never the same twice."""

from __future__ import annotations

import secrets
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TIME_CHARS, CHANCE_BITS = 10, 80


def new_id(now: float | None = None) -> str:
    """26 characters of Crockford's base 32: 48 bits of milliseconds, then 80 random bits (as ULID has it)."""
    milliseconds = int((time.time() if now is None else now) * 1000)
    number = milliseconds << CHANCE_BITS | secrets.randbits(CHANCE_BITS)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def time_of(name: str) -> float:
    """Seconds since the epoch at which `name` was made. Raises ValueError when it is no such name."""
    if len(name) != 26:
        raise ValueError(f"{name} is no message id")
    number = 0
    for char in name[:TIME_CHARS]:
        number = number << 5 | ALPHABET.index(char)
    return number / 1000
