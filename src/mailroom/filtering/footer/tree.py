"""A message's MIME tree, read where it lies: offsets into the buffer, nothing copied (RFC 2046 5.1).

Strict: what two mail programs could read in two ways is Broken.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailroom.filtering.footer.fields import Broken, Field, Value, content_type, only, read_block, word

Buffer = bytes | mmap.mmap
DEPTH_MAX = 30
PARTS_MAX = 1000
BLOCK_BYTES_MAX = 256 * 1024
# The headers of all parts together.
BLOCKS_BYTES_MAX = 512 * 1024
# What may look like a delimiter, and how often all of a message is looked through: parts lie in each other.
MARKS_MAX, PASSES_MAX = 10_000, 4
TEXT = Value("text/plain", {}, {})
MESSAGE = Value("message/rfc822", {}, {})
IDENTITY = ("", "7bit", "8bit", "binary")


@dataclass
class Part:
    """One part. start, end: its body in the buffer. needs_blank: the empty line after its headers is missing, because
    it has no body. number: 0 for the message itself."""

    fields: list[Field]
    start: int
    end: int
    type: Value
    encoding: str
    needs_blank: bool = False
    children: list[Part] = field(default_factory=list)

    @property
    def main(self) -> str:
        """The media type, lower case."""
        return self.type.main

    @property
    def is_attachment(self) -> bool:
        """Whether mail programs show it as a file: it says so, or has a file's name."""
        disposition = next((one for one in self.fields if one.name == b"content-disposition"), None)
        about = disposition.value.lower() if disposition else b""
        named = b"filename" in about or any(name.split("*")[0] == "name" for name in self.type.parameters)
        return named or word(disposition) not in ("", "inline")

    def each(self) -> Iterator[Part]:
        """It and everything in it."""
        yield self
        for child in self.children:
            yield from child.each()


def read(headers: Sequence[tuple[bytes, bytes]], body: Buffer) -> Part:
    """The tree of a message. headers: (name, value). Raises Broken."""
    fields = [Field(name.strip().lower(), value) for name, value in headers]
    return _Reader(body).part(fields, 0, len(body), TEXT, [])


class _Reader:
    def __init__(self, body: Buffer) -> None:
        self.body, self.parts = body, 0
        self.marks, self.left = 0, PASSES_MAX * len(body) + BLOCK_BYTES_MAX
        self.blocks = BLOCKS_BYTES_MAX

    def part(self, fields: list[Field], start: int, end: int, default: Value, around: list[bytes]) -> Part:
        self.parts += 1
        if self.parts > PARTS_MAX or len(around) > DEPTH_MAX:
            raise Broken("too many parts, or too deep in each other")
        kind = only(fields, b"content-type")
        encoding = word(only(fields, b"content-transfer-encoding"))
        part = Part(fields, start, end, content_type(kind) if kind else default, encoding)
        if part.main.startswith("multipart/"):
            self._children(part, around)
        return part

    def _children(self, part: Part, around: list[bytes]) -> None:
        boundary = part.type.parameters.get("boundary", "").encode("latin-1")
        if not boundary or len(boundary) > 200 or boundary in around or b"\n" in boundary:
            raise Broken("a multipart without a boundary of its own")
        if part.encoding not in IDENTITY:
            raise Broken("an encoded multipart")
        default = MESSAGE if part.main == "multipart/digest" else TEXT
        for start, end in self._pieces(boundary, part.start, part.end):
            part.children.append(self._child(start, end, default, [*around, boundary]))

    def _child(self, start: int, end: int, default: Value, around: list[bytes]) -> Part:
        if self.body[start : min(start + 2, end)] == b"\r\n":
            return self.part([], start + 2, end, default, around)
        blank = self.body.find(b"\r\n\r\n", start, min(end, start + BLOCK_BYTES_MAX))
        if blank >= 0:
            return self.part(self._fields(start, blank + 2), blank + 4, end, default, around)
        if end - start > BLOCK_BYTES_MAX or (start < end and self.body[end - 2 : end] != b"\r\n"):
            raise Broken("a part whose headers do not end")
        child = self.part(self._fields(start, end), end, end, default, around)
        child.needs_blank = True
        return child

    def _fields(self, start: int, end: int) -> list[Field]:
        self.blocks -= end - start
        if self.blocks < 0:
            raise Broken("headers of parts that are too long")
        return read_block(self.body[start:end], start)

    def _pieces(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        """(start, end) of what lies between the delimiters."""
        mark, begun, at = b"--" + boundary, -1, start
        self.left -= end - start
        if self.left < 0:
            raise Broken("parts too deep in each other for their size")
        while (found := self.body.find(mark, at, end)) >= 0:
            self.marks += 1
            if self.marks > MARKS_MAX:
                raise Broken("too much that looks like a delimiter")
            at = found + len(mark)
            if found != start and self.body[found - 2 : found] != b"\r\n":
                continue
            closes = self.body[at : at + 2] == b"--"
            after = self._line_end(at + 2 if closes else at, end)
            if after < 0:
                continue
            if begun >= 0:
                if found - 2 < begun:
                    raise Broken("a part without an end")
                yield begun, found - 2
            elif closes:
                raise Broken("a multipart without parts")
            if closes:
                return
            begun = at = after
            # The line end before a delimiter may be the one after the delimiter above it.
            at -= 2
        raise Broken("a multipart that does not end")

    def _line_end(self, at: int, end: int) -> int:
        """Where the next line begins, if only space is left on this one; -1 otherwise."""
        while at < end and self.body[at : at + 1] in (b" ", b"\t"):
            at += 1
        if at == end:
            return end
        return at + 2 if self.body[at : at + 2] == b"\r\n" and at + 2 <= end else -1
