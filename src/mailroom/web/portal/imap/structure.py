"""A message's parts as BODYSTRUCTURE has them (RFC 3501 7.4.2): leaves, and what holds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mailroom.web.portal import words

DEPTH_MAX = 50
PARTS_MAX = 1_000
# Everything but the message's own header (RFC 3501 6.4.5).
WHOLE = "TEXT"
# What the server answers for a multipart in which it has found nothing.
NOTHING = ("text", "plain")


@dataclass(frozen=True)
class Part:
    """One leaf. number: its name in BODY[...]; kind: "text/html"; size: bytes as sent; cid: without its brackets.

    name: as the message has it, or "". title: the subject of a message that is attached.
    raw: its content as it was sent, where the server knows nothing of this part.
    """

    number: str
    kind: str
    charset: str = ""
    encoding: str = "7bit"
    size: int = 0
    name: str = ""
    cid: str = ""
    disposition: str = ""
    title: str = ""
    raw: bytes | None = None

    @property
    def bytes_about(self) -> int:
        """Its size when decoded, as well as can be said without reading it (base64, with line ends)."""
        return self.size * 57 // 78 if self.encoding == "base64" else self.size


@dataclass(frozen=True)
class Multipart:
    """What holds parts. number: "" for the whole message; kind: "alternative"; start: of related, the root's cid.

    is_read: whether the server has found the parts in it.
    """

    number: str
    kind: str
    children: tuple[Node, ...]
    boundary: str = ""
    start: str = ""
    is_read: bool = True

    @property
    def section(self) -> str:
        """The name in BODY[...] of all that is between its boundaries."""
        return self.number or WHOLE


Node = Part | Multipart


def tree(structure: Any) -> Node:
    """The message. What is nested too deeply, or too much, is one leaf: a file with all that is in it."""
    budget = [PARTS_MAX]
    return _node(structure, "", 0, budget)


def leaves(node: Node) -> Iterator[Part]:
    """Every leaf, in order."""
    if isinstance(node, Part):
        yield node
    else:
        for child in node.children:
            yield from leaves(child)


def _node(structure: Any, number: str, depth: int, budget: list[int]) -> Node:
    values = structure if isinstance(structure, list) else []
    if not values or not isinstance(values[0], list):
        budget[0] -= 1
        return _leaf(values, number or "1")
    count = next((at for at, child in enumerate(values) if not isinstance(child, list)), len(values))
    kind, parameters = word(at(values, count)) or "mixed", table(at(values, count + 1))
    too_much = Part(number or WHOLE, f"multipart/{kind}")
    if depth >= DEPTH_MAX:
        budget[0] -= 1
        return too_much
    children: list[Node] = []
    for turn, child in enumerate(values[:count], 1):
        if budget[0] <= 0:
            children.append(too_much)
            break
        children.append(_node(child, f"{number}.{turn}" if number else str(turn), depth + 1, budget))
    nothing = count == 1 and values[0][:2] == [b"text", b"plain"] and at(values[0], 6) == b"0"
    return Multipart(number, kind, tuple(children), **multipart_facts(parameters), is_read=not nothing)


def multipart_facts(parameters: dict[str, bytes]) -> dict[str, str]:
    """boundary and start of a multipart (RFC 2046 5.1.1, RFC 2387 3.2), from its parameters."""
    return {
        "boundary": words.parameter(parameters, "boundary"),
        "start": words.parameter(parameters, "start").strip("<>"),
    }


def _leaf(values: list[Any], number: str) -> Part:
    main, sub = word(at(values, 0)), word(at(values, 1))
    # Extension data stands behind what text and message/rfc822 have more.
    extra = 8 + (1 if main == "text" else 3 if (main, sub) == ("message", "rfc822") else 0)
    given = at(values, extra)
    disposition = given if isinstance(given, list) else []
    envelope = at(values, 7)
    titled = (main, sub) == ("message", "rfc822") and isinstance(envelope, list)
    return Part(
        number,
        kind_of(main, sub),
        **part_facts(table(at(values, 2)), word(at(disposition, 0)), table(at(disposition, 1))),
        encoding=word(at(values, 5)) or "7bit",
        size=_number(at(values, 6)),
        cid=words.decoded(at(values, 3)).strip().strip("<>"),
        title=words.header(at(envelope, 1)) if titled else "",
    )


def kind_of(main: str, sub: str) -> str:
    """A media type. What is none counts as plain text (RFC 2045 5.2), as does what only says that it is text."""
    return f"{main}/{sub}" if main and sub else "/".join(NOTHING)


def part_facts(parameters: dict[str, bytes], disposition: str, given: dict[str, bytes]) -> dict[str, Any]:
    """charset, name and disposition of a part, from the parameters of its type and of its disposition."""
    return {
        "charset": words.decoded(parameters.get("charset", b"")),
        "name": words.parameter(given, "filename") or words.parameter(parameters, "name"),
        "disposition": disposition,
    }


def at(values: Any, place: int) -> Any:
    """The value at a place, or None."""
    return values[place] if isinstance(values, list) and place < len(values) else None


def word(value: Any) -> str:
    """A word whose case does not matter."""
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else ""


def _number(value: Any) -> int:
    return int(value) if isinstance(value, bytes) and value.isdigit() else 0


def table(value: Any) -> dict[str, bytes]:
    """Parameters by name."""
    if not isinstance(value, list):
        return {}
    pairs = zip(value[::2], value[1::2], strict=False)
    return {word(key): text for key, text in pairs if isinstance(key, bytes) and isinstance(text, bytes)}
