"""The addresses that a header shows: who a message says it is from (RFC 5322 3.4, 3.6.2).

Strangers write these headers, and mail programs read bad ones each in its own way: what some program would show is
found, rather than what the grammar allows. Takes time in proportion to the header.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailroom.filtering.message import Message

SPACE = " \t\r\n"


def shown(message: Message, *names: bytes) -> list[str]:
    """The addresses in all headers of these names (in lower case), in lower case and without quotes."""
    found = (value for name, value in message.headers if name.strip().lower() in names)
    return [address for value in found for address in addresses(value.decode("utf-8", "replace"))]


def addresses(text: str) -> list[str]:
    """What stands in angle brackets; of items without any, those with an @."""
    found, item = list[str](), list[str]()
    in_angle = had_angle = False
    for letter, is_special in _letters(text):
        if is_special and letter == "<":
            item, in_angle, had_angle = [], True, True
        elif is_special and (letter == ">" if in_angle else letter in ",;"):
            _take(found, item, in_angle or not had_angle)
            item, in_angle, had_angle = [], False, had_angle and letter == ">"
        elif is_special and letter == ":" and not in_angle:
            # The name of a group.
            item = []
        else:
            item.append(letter)
    _take(found, item, in_angle or not had_angle)
    return found


def _take(found: list[str], item: list[str], counts: bool) -> None:
    text = "".join(item).lower()
    if counts and "@" in text:
        # Without a route (RFC 5322 4.4), and without the dot of the root, which changes nothing.
        found.append((text.rpartition(":")[2] if text.startswith("@") else text).rstrip("."))


def _letters(text: str) -> Iterator[tuple[str, bool]]:
    """(letter, whether it may be a delimiter), without space, comments and quotes."""
    depth, quoted, escaped = 0, False, False
    for letter in text:
        if escaped:
            escaped = False
            if not depth:
                yield letter, False
        elif letter == "\\" and (quoted or depth):
            escaped = True
        elif depth:
            depth += (letter == "(") - (letter == ")")
        elif letter == '"':
            quoted = not quoted
        elif quoted:
            yield letter, False
        elif letter == "(":
            depth = 1
        elif letter not in SPACE:
            yield letter, True
