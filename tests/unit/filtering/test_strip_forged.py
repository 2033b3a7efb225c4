"""Whose name an Authentication-Results header bears (RFC 8601 2.2), however it is spelt."""

from __future__ import annotations

import pytest

from mailroom.filtering.actions.strip_forged import _claims_to_be


@pytest.mark.parametrize(
    ("value", "ours"),
    [
        (b" mail.example.com; spf=pass", True),
        (b"\r\n\tMAIL.Example.COM 1;\r\n dkim=pass", True),
        (b" (a; (b) \\( c) mail.example.com(;); none", True),
        (b' "mail.example.com"; none', True),
        (b' "mail\\.example.com."; none', True),
        (b" mail.example.com", True),
        (b" other.example; smtp.helo=mail.example.com", False),
        (b" (mail.example.com) other.example; none", False),
        (b" notmail.example.com; none", False),
        (b" ) mail.example.com; none", True),
        (b"", False),
        (b" (((", False),
        (b" ;", False),
    ],
)
def test_ours_is_known_in_any_spelling(value: bytes, ours: bool) -> None:
    assert _claims_to_be(value, "mail.example.com") is ours
