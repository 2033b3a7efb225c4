"""Headers in our name come from nobody but us, however they are written: Dovecot discards by them (before.sieve.j2)."""

from __future__ import annotations

import random
import re
from email import message_from_bytes
from typing import Any

import pytest

from mail_chain import Chain

SEED = 20_261_130
SETTINGS = {"security.spam": {"enabled": False}, "security.antivirus": {"enabled": False}}
NAMES = (b"X-Mailroom-ID", b"x-mailroom-id", b"X-MAILROOM-Id", b"X-Mailroom-Unscanned", b"X-Spam-Flag")
HEAD = (b"From: bob@out.example", b"Subject: x", b"Date: Mon, 30 Nov 2026 10:00:00 +0000", b"Message-ID: <a@b>")
# What some readers leave out or take for the end of a name.
BETWEEN = (b"", b" ", b"\t", b"\0", b"\r", b"\x0b", b"\x7f", b" \r\n ", b"\0 ")


@pytest.fixture(scope="module")
def chain(start: Any) -> Chain:
    found: Chain = start("filter", "postfix", settings=SETTINGS)
    return found


def test_no_header_of_ours_is_believed_from_outside(chain: Chain) -> None:
    """A property: names with what Postfix, Dovecot or a mail program might overlook, at any place in the head."""
    drawn = random.Random(SEED)
    for turn in range(40):
        lines = list(HEAD)
        for _ in range(drawn.randint(1, 4)):
            name, odd, at = drawn.choice(NAMES), drawn.choice(BETWEEN), drawn.choice((0, 5, -1))
            place = at if at >= 0 else len(name)
            lines.insert(drawn.randrange(len(lines) + 1), name[:place] + odd + name[place:] + b": YES forged")
        content = b"\r\n".join([*lines, b"", f"turn{turn:03}".encode(), b""])
        code, words = chain.send(content, sender=f"turn{turn:03}@out.example")
        assert code in (250, 550, 552, 554, 521, 451), words
        if code != 250:
            continue
        taken = chain.sink.holding(f"turn{turn:03}".encode()).content
        head = message_from_bytes(taken)
        (id,) = head.get_all("X-Mailroom-ID", [])
        assert re.fullmatch(r"[0-9A-Z]{26}", id.strip())
        for name in ("X-Spam-Flag", "X-Mailroom-Unscanned"):
            assert not head.get_all(name), (lines, taken)
