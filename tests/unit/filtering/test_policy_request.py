"""Postfix's question to our policy service: what strangers write stays a value."""

from __future__ import annotations

import random

from mailroom.filtering.policy import attributes

SEED = 20_261_130
# What Postfix lets through in a quoted MAIL FROM: all but NUL, CR and LF.
CONTROLS = [*map(chr, range(1, 10)), "\x0b", "\x0c", *map(chr, range(14, 32)), *map(chr, range(127, 160))]
LETTERS = [*CONTROLS, "\u2028", "\u2029", "=", "client_address", "a", "ä"]


def test_no_value_becomes_a_line_of_its_own() -> None:
    drawn = random.Random(SEED)
    for _ in range(2_000):
        sender = "".join(drawn.choices(LETTERS, k=drawn.randint(1, 40)))
        request = f"request=x\nsender={sender}\nclient_address=203.0.113.5\nrecipient=anna@example.com\n\n".encode()
        assert attributes(request) == {
            "request": "x",
            "sender": sender,
            "client_address": "203.0.113.5",
            "recipient": "anna@example.com",
        }


def test_the_first_value_of_a_name_counts() -> None:
    twice = b"client_address=203.0.113.5\nclient_address=198.51.100.77\n\n"
    assert attributes(twice) == {"client_address": "203.0.113.5"}
