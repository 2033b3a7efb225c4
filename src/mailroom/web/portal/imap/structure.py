"""A message's parts as BODYSTRUCTURE tells them (RFC 3501 7.4.2), and what of them is text, picture, attachment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mailroom.web.portal import words

DEPTH_MAX = 50
PARTS_MAX = 1_000


@dataclass(frozen=True)
class Part:
    """One leaf. number: its name in BODY[...]; kind: "text/html"; size: bytes as sent; cid: without its brackets."""

    number: str
    kind: str
    charset: str = ""
    encoding: str = "7bit"
    size: int = 0
    name: str = ""
    cid: str = ""
    disposition: str = ""
    within: str = ""

    @property
    def is_attachment(self) -> bool:
        """Whether it is shown in the list of attachments."""
        if self.disposition == "attachment":
            return True
        if self.kind.startswith("text/") and not self.name:
            return False
        return not (self.kind.startswith("image/") and self.cid and self.within == "multipart/related")

    @property
    def bytes_about(self) -> int:
        """Its size when decoded, as well as can be told without reading it (base64, with line ends)."""
        return self.size * 57 // 78 if self.encoding == "base64" else self.size


def parts(structure: Any) -> list[Part]:
    """Every leaf, in order; what is nested too deeply or too much is left out."""
    found: list[Part] = []
    for part in _walk(structure, "", "", 0):
        found.append(part)
        if len(found) >= PARTS_MAX:
            break
    return found


def _walk(structure: Any, number: str, within: str, depth: int) -> Iterator[Part]:
    if not isinstance(structure, list) or not structure or depth > DEPTH_MAX:
        return
    if not isinstance(structure[0], list):
        yield _leaf(structure, number or "1", within)
        return
    inner = []
    for child in structure:
        if not isinstance(child, list):
            break
        inner.append(child)
    subtype = structure[len(inner)] if len(inner) < len(structure) else b"mixed"
    kind = f"multipart/{_word(subtype)}"
    for turn, child in enumerate(inner, 1):
        yield from _walk(child, f"{number}.{turn}" if number else str(turn), kind, depth + 1)


def _leaf(values: list[Any], number: str, within: str) -> Part:
    main, sub = _word(_at(values, 0)) or "application", _word(_at(values, 1)) or "octet-stream"
    parameters = _table(_at(values, 2))
    # Extension data stands behind what text and message/rfc822 have more.
    extra = 8 + (1 if main == "text" else 3 if (main, sub) == ("message", "rfc822") else 0)
    disposition = _at(values, extra)
    given = disposition if isinstance(disposition, list) else []
    given_parameters = _table(_at(given, 1))
    name = words.parameter(given_parameters, "filename") or words.parameter(parameters, "name")
    if (main, sub) == ("message", "rfc822") and not name:
        name = "message.eml"
    return Part(
        number=number,
        kind=f"{main}/{sub}",
        charset=words.decoded(parameters.get("charset", b"")),
        encoding=_word(_at(values, 5)) or "7bit",
        size=_number(_at(values, 6)),
        name=name,
        cid=words.decoded(_at(values, 3)).strip().strip("<>"),
        disposition=_word(_at(given, 0)),
        within=within,
    )


def _at(values: list[Any], place: int) -> Any:
    return values[place] if place < len(values) else None


def _word(value: Any) -> str:
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else ""


def _number(value: Any) -> int:
    return int(value) if isinstance(value, bytes) and value.isdigit() else 0


def _table(value: Any) -> dict[str, bytes]:
    if not isinstance(value, list):
        return {}
    pairs = zip(value[::2], value[1::2], strict=False)
    return {_word(key): text for key, text in pairs if isinstance(key, bytes) and isinstance(text, bytes)}
