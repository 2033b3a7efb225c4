"""Remove headers that only we may write, so that nobody outside can speak in our name (RFC 8601 5)."""

from __future__ import annotations

from mailroom.filtering.message import Asked, Changes, Message
from mailroom.filtering.rules import Rules

NAME = "strip_forged"
OURS = (b"x-spam-", b"x-mailroom-")
RESULTS = b"authentication-results"
# Of all Authentication-Results together: those beyond are removed unread, since reading them would hold up other mail.
RESULTS_BYTES_MAX = 64 * 1024


def act(message: Message, asked: list[Asked], rules: Rules, changes: Changes) -> None:
    seen: dict[bytes, int] = {}
    forged: list[tuple[int, bytes, bytes]] = []
    left = RESULTS_BYTES_MAX
    for name, value in message.headers:
        # A space before the colon is the name's end to Postfix and to mail programs (RFC 5322 4.5).
        lower = name.strip().lower()
        seen[lower] = seen.get(lower, 0) + 1
        left -= len(value) if lower == RESULTS else 0
        claims = lower == RESULTS and (left < 0 or _claims_to_be(value, rules.general.hostname))
        if claims or lower.startswith(OURS):
            forged.append((seen[lower], name, b""))
    # From the last one up: removing one renumbers those after it.
    changes.replaced.extend(reversed(forged))


def _claims_to_be(value: bytes, hostname: str) -> bool:
    """Whether an Authentication-Results value bears our name: its first word, comments aside (RFC 8601 2.2)."""
    words = _without_comments(value.decode("latin-1")).replace('"', "").partition(";")[0].split()
    return bool(words) and words[0].rstrip(".").lower() == hostname.lower()


def _without_comments(text: str) -> str:
    """Text without its comments, which may nest, and without backslashes (RFC 5322 3.2.1, 3.2.2)."""
    kept, depth, quoted = "", 0, False
    for char in text:
        if quoted:
            quoted = False
        elif char == "\\":
            quoted = True
            continue
        elif char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
            kept += " "
            continue
        if depth == 0:
            kept += char
    return kept
