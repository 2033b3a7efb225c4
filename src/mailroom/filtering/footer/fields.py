"""MIME header fields of a part: what they say, and how one is changed without touching the rest of its value.

RFC 2045 (Content-Type, Content-Transfer-Encoding), RFC 2183 (Content-Disposition), RFC 2231 (split parameters).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z{}-]+"
TYPE = re.compile(rf"\s*({TOKEN})/({TOKEN})\s*")
# A value without quotes may hold spaces: many programs write file names so.
PARAMETER = re.compile(rf';\s*(?:({TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))\s*)?', re.DOTALL)
MARK = re.compile(r'["()\\]')
# The longest that honest programs write is a file name in pieces; Postfix lets 100 KB through.
VALUE_BYTES_MAX = 8 * 1024
# Of one part.
FIELDS_MAX = 1_000


class Broken(ValueError):
    """The message's MIME cannot be relied on; whoever changes it may damage it."""


@dataclass(frozen=True)
class Field:
    """One header field. name: lower case. value: as it stands, with its folds. start, end: its bytes in the buffer,
    line end included; -1 for the message's own fields, which lie outside of the buffer."""

    name: bytes
    value: bytes
    start: int = -1
    end: int = -1


@dataclass(frozen=True)
class Value:
    """A parsed value. main: "text/plain", lower case. spans: where each parameter's value stands in the raw text."""

    main: str
    parameters: dict[str, str]
    spans: dict[str, tuple[int, int]]


def read_block(block: bytes, offset: int) -> list[Field]:
    """The fields of a header block (CRLF line ends), which begins at `offset`. Raises Broken."""
    found: list[Field] = []
    start = 0
    for line in _lines(block):
        name, colon, value = line.partition(b":")
        if not colon or not name.strip() or line[:1] in b" \t" or len(name.split()) != 1:
            raise Broken("a header without a name")
        if len(found) == FIELDS_MAX:
            raise Broken("too many headers")
        end = start + len(line)
        found.append(Field(name.strip().lower(), value.removesuffix(b"\r\n"), offset + start, offset + end))
        start = end
    return found


def _lines(block: bytes) -> Iterator[bytes]:
    """Each field with the lines that go on with it, line ends included. Raises Broken."""
    pieces = block.split(b"\r\n")
    if pieces.pop():
        raise Broken("a header without an end")
    held: list[bytes] = []
    for line in pieces:
        if not line or b"\r" in line or b"\n" in line:
            raise Broken("a header with a line end of its own")
        if held and line[:1] not in b" \t":
            yield b"\r\n".join([*held, b""])
            held = []
        held.append(line)
    if held:
        yield b"\r\n".join([*held, b""])


def only(fields: list[Field], name: bytes) -> Field | None:
    """The one field of this name, if any. Raises Broken when there are two: programs differ in which they follow."""
    found = [field for field in fields if field.name == name]
    if len(found) > 1:
        raise Broken(f"{len(found)} headers {name.decode()}")
    return found[0] if found else None


def content_type(field: Field) -> Value:
    """A Content-Type's value. Raises Broken."""
    raw = _without_comments(field)
    begin = TYPE.match(raw)
    if begin is None:
        raise Broken("a Content-Type without a type")
    main = f"{begin[1]}/{begin[2]}".lower()
    at, parameters, spans = begin.end(), dict[str, str](), dict[str, tuple[int, int]]()
    while at < len(raw) and (one := PARAMETER.match(raw, at)):
        at = one.end()
        if one[1] is None:
            continue
        name = one[1].lower()
        if name in parameters or name.startswith(("charset*", "boundary*")):
            raise Broken(f"a Content-Type with {name} in pieces or twice")
        quoted = one[2] is not None
        parameters[name] = re.sub(r"\\(.)", r"\1", one[2], flags=re.DOTALL) if quoted else one[3].strip()
        spans[name] = one.span(2) if quoted else (one.start(3), one.start(3) + len(one[3].rstrip()))
    if at < len(raw) and main.startswith(("text/", "multipart/")):
        raise Broken("a Content-Type that cannot be read")
    return Value(main, parameters, spans)


def word(field: Field | None) -> str:
    """The first word of a value, lower case; "" without the field. Raises Broken."""
    if field is None:
        return ""
    return _without_comments(field).partition(";")[0].strip().strip('"').lower()


def with_charset(field: Field | None, charset: str) -> bytes:
    """A Content-Type's value with this charset; everything else in it stays. Without the field: text/plain."""
    if field is None:
        return f" text/plain; charset={charset}".encode()
    span = content_type(field).spans.get("charset")
    if span is None:
        # Before the other parameters, so that what stands at the end, a comment or a lone semicolon, does no harm.
        known = TYPE.match(_without_comments(field))
        end = known.end(2) if known else len(field.value)
        return field.value[:end] + f"; charset={charset}".encode() + field.value[end:]
    return field.value[: span[0]] + charset.encode() + field.value[span[1] :]


def _without_comments(field: Field) -> str:
    """The value with spaces in place of comments, which may nest, so that places stay what they are (RFC 5322 3.2.2).

    A comment or a quoted string that never ends is none: it stays as it stands. Raises Broken.
    """
    if len(field.value) > VALUE_BYTES_MAX:
        raise Broken("a header that is too long")
    raw = field.value.decode("latin-1")
    if "(" not in raw:
        return raw
    pieces: list[str] = []
    at = begun = depth = after = 0
    quoted = False
    for mark in MARK.finditer(raw):
        sign, place = mark[0], mark.start()
        if place < after:
            continue
        if sign == "\\":
            after = place + 2 if quoted or depth else after
        elif sign == '"':
            quoted = quoted != (depth == 0)
        elif sign == "(" and not quoted:
            begun, depth = (begun, depth + 1) if depth else (place, 1)
        elif sign == ")" and depth:
            depth -= 1
            if not depth:
                pieces += raw[at:begun], " " * (place + 1 - begun)
                at = place + 1
    return "".join([*pieces, raw[at:]])
