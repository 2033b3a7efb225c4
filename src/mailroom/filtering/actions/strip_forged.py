"""Remove headers that only we may write, so that nobody outside can speak in our name (RFC 8601 5)."""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "strip_forged"
OURS = (b"x-spam-", b"x-mailroom-")
RESULTS = b"authentication-results"


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    seen: dict[bytes, int] = {}
    forged: list[tuple[int, bytes, bytes]] = []
    for name, value in message.headers:
        lower = name.lower()
        seen[lower] = seen.get(lower, 0) + 1
        if lower.startswith(OURS) or (lower == RESULTS and _claims_to_be(value, rules.general.hostname)):
            forged.append((seen[lower], name, b""))
    # From the last one up: removing one renumbers those after it.
    changes.replaced.extend(reversed(forged))


def _claims_to_be(value: bytes, hostname: str) -> bool:
    """Whether an Authentication-Results value bears our name (its first word, RFC 8601 2.2)."""
    words = value.replace(b";", b" ; ").split()
    return bool(words) and words[0].lower() == hostname.lower().encode()
