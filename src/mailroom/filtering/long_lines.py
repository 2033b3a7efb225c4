"""Lines of more than 998 bytes (RFC 5321 4.5.3.1.6), made shorter without cutting a letter, a link or a tag.

A text becomes quoted-printable, anything else base64; header lines are folded at white space. Pure: bytes in, bytes
out. One pass that jumps from line to line; what is encoded is made piece by piece while it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailroom.filtering.footer import fields, places, plain, transfer, tree
from mailroom.filtering.footer.fields import Broken
from mailroom.filtering.footer.put import Splice
from mailroom.filtering.footer.tree import Buffer, Part

Header = tuple[bytes, bytes]
LINE_BYTES_MAX = 998
# A whole number of lines of base64; encoded within 3 ms.
PIECE_BYTES = 57 * 1000
# RFC 2046 5.2: these may not be encoded.
NOT_ENCODED = ("message/", "multipart/")
PROTECTED = "it is signed or encrypted"
BROKEN = "its MIME structure is broken"
NOWHERE = "they stand where nothing may be encoded"
LARGE = "the part in which they stand is larger than 10 MB"
# 30 ms for the look at a part of this size; more would hold up the messages beside it.
PART_BYTES_MAX = 10 * 1024 * 1024
# Where a line may be folded: at the first blank behind something else.
AFTER_WORD = re.compile(rb"[^ \t][ \t]")
SIGNATURES = {b"dkim-signature", b"arc-seal", b"domainkey-signature"}


@dataclass(frozen=True)
class Recoded:
    """The bytes from start to end of the body are written in this encoding, piece by piece as they are sent."""

    start: int
    end: int
    encoding: str

    def pieces(self, body: Buffer) -> Iterator[bytes]:
        """What stands there instead."""
        at = self.start
        while at < self.end:
            end = min(at + PIECE_BYTES, self.end)
            if body[end - 1 : end] == b"\r" and end < self.end:
                end += 1
            yield self._written(body[at:end], is_last=end == self.end)
            at = end

    def _written(self, piece: bytes, *, is_last: bool) -> bytes:
        written = transfer.encode(piece, self.encoding)
        if self.encoding == transfer.BASE64:
            return written.removesuffix(b"\r\n") if is_last else written
        # A soft line break, where the next piece goes on in the same line.
        return written if is_last or piece.endswith(b"\n") else written + b"=\r\n"


@dataclass(frozen=True)
class Shortened:
    """headers: fields of the message itself that change. changes: of the body. left: why some lines stay, or ""."""

    headers: list[Header] = field(default_factory=list)
    changes: list[Splice | Recoded] = field(default_factory=list)
    left: str = ""

    def pieces(self, body: Buffer) -> Iterator[bytes | memoryview]:
        """The new body."""
        view, at = memoryview(body), 0
        for change in self.changes:
            yield view[at : change.start]
            if isinstance(change, Splice):
                yield change.new
            else:
                yield from change.pieces(body)
            at = change.end
        yield view[at:]


def has_long_line(buffer: Buffer, start: int = 0, end: int | None = None) -> bool:
    """Whether a line between these places has more than LINE_BYTES_MAX bytes, its line end not counted."""
    at, end = start, len(buffer) if end is None else end
    while end - at > LINE_BYTES_MAX:
        # Room for the line, CR and LF.
        found = buffer.rfind(b"\n", at, min(at + LINE_BYTES_MAX + 2, end))
        if found < 0:
            return True
        at = found + 1
    return False


def is_signed(headers: Sequence[Header]) -> bool:
    """Whether a signature over the message stands in its headers (RFC 6376): any change would break it."""
    return any(name.strip().lower() in SIGNATURES for name, _ in headers)


def shorten(headers: Sequence[Header], body: Buffer) -> Shortened:
    """What has to change in a body with long lines. body: CRLF line ends. Never raises for what a sender can cause."""
    try:
        root = tree.read(headers, body)
        if is_signed(headers) or places.is_protected(root):
            return Shortened(left=PROTECTED)
        return _shortened(root, body)
    except Broken:
        return Shortened(left=BROKEN)


def _shortened(root: Part, body: Buffer) -> Shortened:
    leaves = [part for part in root.each() if not part.children and has_long_line(body, part.start, part.end)]
    if any(part.end - part.start > PART_BYTES_MAX for part in leaves):
        return Shortened(left=LARGE)
    if any(part.main in places.SHOWN and plain.is_pgp(body[part.start : part.end]) for part in leaves):
        return Shortened(left=PROTECTED)
    result, left = Shortened(), ""
    for part in leaves:
        if part.encoding not in tree.IDENTITY or part.main.startswith(NOT_ENCODED):
            left = NOWHERE
            continue
        encoding = _encoding(body[part.start : part.end], part.main.startswith("text/"))
        if part is root:
            known = {one.name for one in root.fields}
            result.headers.extend([] if b"mime-version" in known else [(b"MIME-Version", b" 1.0")])
            result.headers.append((b"Content-Transfer-Encoding", b" " + encoding.encode()))
        else:
            result.changes.append(_header_splice(part, encoding))
        result.changes.append(Recoded(part.start, part.end, encoding))
    return Shortened(result.headers, result.changes, left or ("" if leaves else NOWHERE))


def _encoding(content: bytes, is_text: bool) -> str:
    """Quoted-printable for a text whose line ends are all CRLF, so that it gives back the very same bytes."""
    is_plain = content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n")
    return transfer.QP if is_text and is_plain else transfer.BASE64


def _header_splice(part: Part, encoding: str) -> Splice:
    line = b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n"
    known = fields.only(part.fields, b"content-transfer-encoding")
    if known:
        return Splice(known.start, known.end, line)
    end = part.fields[-1].end if part.fields else part.start - 2
    return Splice(end, end, line)


def folded(name: bytes, value: bytes) -> bytes:
    """A header's value with its long lines folded at white space where there is any; the same when none is long.

    value: as the milter protocol has it, with line feeds.
    """
    first, *others = value.split(b"\n")
    lines = [*_folds(first, len(name) + 1), *(piece for line in others for piece in _folds(line, 0))]
    return b"\n".join(lines)


def _folds(line: bytes, before: int) -> Iterator[bytes]:
    """A line in pieces. before: how many bytes stand before it."""
    at = 0
    while len(line) - at > (room := LINE_BYTES_MAX - (before if at == 0 else 0)):
        # Before a blank that has something on either side of it: no line may be empty.
        found = max(line.rfind(b" ", at + 1, at + room), line.rfind(b"\t", at + 1, at + room))
        if found < 0 or not line[at:found].strip() or not line[found:].strip():
            further = AFTER_WORD.search(line, at + 1)
            found = further.end() - 1 if further and line[further.end() :].strip() else -1
        if found < 0:
            break
        yield line[at:found]
        at = found
    yield line[at:]
