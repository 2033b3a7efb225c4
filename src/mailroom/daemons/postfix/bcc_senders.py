"""Senders of whose mail a copy is wanted: it is taken also for users without mailbox (rows BC01, BC07)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mailroom.core.pages.mail_delivery_auto_bcc import FROM

FILE = "bcc_senders"


def text(rules: Sequence[dict[str, Any]]) -> str:
    """A regexp_table(5) with OK for each of them, "" when no rule is about senders. OK ends the list it stands in."""
    return "".join(f"/{''.join(map(_literal, one['text']))}/ OK\n" for one in rules if one["criterion"] == FROM)


def _literal(char: str) -> str:
    return char if char.isalnum() else f"[{char}]"
