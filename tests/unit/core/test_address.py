"""Addresses with an extension (X06-01)."""

from __future__ import annotations

import pytest

from mailroom.core.address import without_extension


@pytest.mark.parametrize(
    ("address", "separator", "bare"),
    [
        ("ben+shop@example.com", "+", "ben@example.com"),
        ("ben+a+b@example.com", "+", "ben@example.com"),
        ("ben+shop@example.com", "", "ben+shop@example.com"),
        ("ben+shop@example.com", "-", "ben+shop@example.com"),
        ("ben-shop-x@example.com", "-", "ben@example.com"),
        ("+shop@example.com", "+", "+shop@example.com"),
        ("ben+shop", "+", "ben+shop"),
        ("", "+", ""),
    ],
)
def test_the_name_ends_at_the_first_separator(address: str, separator: str, bare: str) -> None:
    assert without_extension(address, separator) == bare
