"""Puts a footer into a message: the door of this folder.

Everything but the footer stays byte for byte as it was; a message that cannot be changed without risk is left alone,
with the reason. Costs: see tests/bench/footer_cost.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailroom.filtering.footer import already, charsets, fields, html, places, plain, transfer, tree
from mailroom.filtering.footer.charsets import Unreadable
from mailroom.filtering.footer.fields import Broken
from mailroom.filtering.footer.tree import Buffer, Part

Header = tuple[bytes, bytes]
# Why a message was left alone, in words that follow "because".
PROTECTED = "it is signed or encrypted"
BROKEN = "its MIME structure is broken"
NO_TEXT = "it shows no text of this kind"
UNREADABLE = "the character set of its text cannot be read"
TOO_LONG = "its text is too long"
# Of all texts together, some 50 ms of work. Pictures that stand in the HTML itself are long and have few of these.
TEXT_BYTES_MAX, STOPS_MAX = 8 * 1024 * 1024, 100_000
STOPS = (b"<", b"&", b" ", b"\n")
THERE = "it is there already"


@dataclass(frozen=True)
class Footer:
    """html: a fragment. text: plain, any line ends. An empty one is put nowhere."""

    html: str
    text: str


@dataclass(frozen=True)
class Splice:
    """The bytes from start to end become `new`."""

    start: int
    end: int
    new: bytes


@dataclass(frozen=True)
class Put:
    """headers: of the message itself, to be replaced, or added where it has none of that name. splices: of the body."""

    headers: list[Header]
    splices: list[Splice]

    def pieces(self, body: Buffer) -> Iterator[bytes | memoryview]:
        """The new body."""
        view, at = memoryview(body), 0
        for splice in self.splices:
            yield view[at : splice.start]
            yield splice.new
            at = splice.end
        yield view[at:]


@dataclass(frozen=True)
class Left:
    """The message stays as it is. why: one of the reasons above."""

    why: str


def put(headers: Sequence[Header], body: Buffer, footer: Footer) -> Put | Left:
    """Put `footer` into the message. body: CRLF line ends. Never raises for what a sender can cause."""
    try:
        return _put(tree.read(headers, body), body, footer)
    except Broken:
        return Left(BROKEN)


def _put(root: Part, body: Buffer, footer: Footer) -> Put | Left:
    if places.is_protected(root):
        return Left(PROTECTED)
    texts = places.texts(root)
    if sum(part.end - part.start for part in texts) > TEXT_BYTES_MAX:
        return Left(TOO_LONG)
    raws = {part.start: body[part.start : part.end] for part in texts}
    if sum(raw.count(stop) for raw in raws.values() for stop in STOPS) > STOPS_MAX:
        return Left(TOO_LONG)
    contents = {part.start: transfer.decode(raws[part.start], part.encoding) for part in texts}
    if any(plain.is_pgp(content) for content in contents.values()):
        return Left(PROTECTED)
    result, why = Put([], []), NO_TEXT
    for part in texts:
        if not _footer_for(part, footer):
            continue
        try:
            changed = _changed(part, raws[part.start], contents[part.start], footer)
        except Unreadable:
            why = UNREADABLE
            continue
        if changed is None:
            why = THERE
            continue
        _apply(result, root, part, *changed)
    return result if result.splices else Left(why)


def _footer_for(part: Part, footer: Footer) -> str:
    return (footer.html if part.main == "text/html" else footer.text).strip()


def _changed(part: Part, raw: bytes, content: bytes, footer: Footer) -> tuple[bytes, str, str] | None:
    """(the part's new body, its new charset or "", its new encoding or ""), or None when the footer is there already.

    Raises Unreadable, Broken.
    """
    charset = charsets.named(part.type.parameters.get("charset", "") or "us-ascii")
    # A sum over the text (RFC 1864) would not fit any more.
    if charset is None or any(one.name == b"content-md5" for one in part.fields):
        raise Unreadable
    as_html = part.main == "text/html"
    wanted = _footer_for(part, footer)
    if already.holds(_readable(content, charset), wanted, as_html):
        return None
    # Only base64 can hold Unix line ends as they are.
    unix = part.encoding == transfer.BASE64 and b"\n" in content and b"\r\n" not in content
    newline = "\n" if unix else "\r\n"
    if as_html:
        at, addition = _end_of_body(content, charset), html.block(wanted, newline)
    else:
        flowed = part.type.parameters.get("format", "").lower() == "flowed"
        at, addition = len(content), plain.below(content, wanted, newline, flowed)
    added = charsets.add(content, at, addition, charset, as_html)
    return _written(part, raw, content, added)


def _written(part: Part, raw: bytes, content: bytes, added: charsets.Added) -> tuple[bytes, str, str]:
    charset = "UTF-8" if added.is_utf_8 else ""
    encoding = part.encoding
    if not transfer.fits(added.content if added.is_utf_8 else added.what, encoding):
        encoding = transfer.QP
    if added.is_utf_8 or encoding != part.encoding:
        written = transfer.encode(added.content, encoding)
        if transfer.decode(written, encoding) != added.content:
            raise Broken
    else:
        written = transfer.put_in(raw, content, added.at, added.what, encoding)
    return written, charset, encoding if encoding != part.encoding else ""


def _readable(content: bytes, charset: charsets.Charset) -> str:
    """The text, as well as it can be read, to look for a footer in it."""
    try:
        return charset.decode_widely(content)
    except Unreadable:
        return content.decode(charset.codec, "replace")


def _end_of_body(content: bytes, charset: charsets.Charset) -> int:
    """Where in the bytes the footer goes; in a charset that switches, by the text before it."""
    if charset.is_plain:
        return html.end_of_body(content)
    text = charset.decode(content)
    try:
        before = text[: _letters(text)].encode(charset.codec)
    except UnicodeEncodeError:
        # A broken escape is read as the bytes it has, which no writer of this charset makes.
        return len(content)
    return len(before) if content.startswith(before) else len(content)


def _letters(text: str) -> int:
    """The same place in letters: every byte that is looked for is one letter of Latin-1."""
    return html.end_of_body(text.encode("latin-1", "replace"))


def _apply(result: Put, root: Part, part: Part, new: bytes, charset: str, encoding: str) -> None:
    """Note what changes: the part's body, and where needed its headers."""
    needed: list[tuple[bytes, bytes]] = []
    if charset:
        kind = fields.only(part.fields, b"content-type")
        needed.append((b"Content-Type", fields.with_charset(kind, charset)))
    if encoding:
        needed.append((b"Content-Transfer-Encoding", b" " + encoding.encode()))
    if part is root:
        known = any(field.name == b"mime-version" for field in root.fields)
        result.headers.extend(needed if known or not needed else [(b"MIME-Version", b" 1.0"), *needed])
    else:
        result.splices.extend(_header_splices(part, needed))
    blank = b"\r\n" if part.needs_blank else b""
    result.splices.append(Splice(part.start, part.end, blank + new))


def _header_splices(part: Part, needed: list[tuple[bytes, bytes]]) -> list[Splice]:
    """The part's changed headers, in the order in which they stand; new ones come after its others."""
    found: list[Splice] = []
    end = part.fields[-1].end if part.fields else part.start - (0 if part.needs_blank else 2)
    for name, value in needed:
        field = fields.only(part.fields, name.lower())
        line = name + b":" + value + b"\r\n"
        found.append(Splice(field.start, field.end, line) if field else Splice(end, end, line))
    return sorted(found, key=lambda splice: splice.start)
