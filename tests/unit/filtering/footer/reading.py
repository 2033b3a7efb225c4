"""Reads mail with the standard library, which shares no line with the footer's own reader, to see what has changed."""

from __future__ import annotations

import email
import email.message
import re
from collections.abc import Iterator
from html import unescape

from mailroom.filtering.footer.put import Footer, Left, Put, put

Leaf = email.message.Message
CHARSETS = {"iso-8859-1": "cp1252", "iso-8859-8-i": "iso-8859-8", "gb2312": "gb18030", "x-martian": "latin-1"}


def split(message: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """(headers, body) as the milter hands them over."""
    head, _, body = message.partition(b"\r\n\r\n")
    lines = re.sub(rb"\r\n([ \t])", rb"\n\1", head).split(b"\r\n")
    return [(line.partition(b":")[0], line.partition(b":")[2]) for line in lines], body


def joined(headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    return b"".join(n + b":" + v.replace(b"\n", b"\r\n") + b"\r\n" for n, v in headers) + b"\r\n" + body


def with_footer(message: bytes, footer: Footer) -> bytes | str:
    """The message as Postfix will have it, or why it stays as it is."""
    headers, body = split(message)
    result = put(headers, body, footer)
    if isinstance(result, Left):
        return result.why
    return joined(changed(headers, result), b"".join(result.pieces(body)))


def changed(headers: list[tuple[bytes, bytes]], result: Put) -> list[tuple[bytes, bytes]]:
    wanted = {name.lower(): (name, value) for name, value in result.headers}
    kept = [wanted.pop(name.lower(), (name, value)) for name, value in headers]
    return [*kept, *wanted.values()]


def leaves(message: bytes) -> list[Leaf]:
    """The parts that are no multiparts, also those of an attached message."""
    return [part for part in email.message_from_bytes(message).walk() if not part.is_multipart()]


def shape(message: bytes) -> list[str]:
    """The kinds of all parts."""
    return [part.get_content_type() for part in email.message_from_bytes(message).walk()]


def text_of(leaf: Leaf) -> str:
    content = leaf.get_payload(decode=True)
    assert isinstance(content, bytes)
    charset = str(leaf.get_param("charset") or "us-ascii").partition(" (")[0].lower()
    return content.decode(CHARSETS.get(charset, charset), "surrogateescape" if charset[:4] != "utf-" else "strict")


def shown(message: bytes, html: bool) -> str:
    """What a mail program shows; html: whether it prefers HTML."""
    return "\n".join(_shown(email.message_from_bytes(message), html))


def _shown(part: Leaf, html: bool) -> Iterator[str]:
    parts = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(parts, list):
        kinds = part.get_content_subtype()
        if kinds == "alternative":
            versions = [one for one in map(lambda one: list(_shown(one, html)), parts) if one]
            yield from (versions[-1] if html else versions[0]) if versions else []
        elif kinds == "report":
            yield from _shown(parts[0], html)
        elif kinds == "related":
            start = part.get_param("start")
            root = [one for one in parts if start and one["Content-ID"] == start] or parts
            yield from _shown(root[0], html)
        else:
            for one in parts:
                yield from _shown(one, html)
    elif part.get_content_type() in ("text/plain", "text/html") and not part.get_filename():
        yield from [words_of(part)] if part.get_content_disposition() in (None, "inline") else []


def words_of(part: Leaf) -> str:
    """Its words with single spaces; of HTML without tags and what is hidden."""
    text = text_of(part)
    if part.get_content_type() == "text/html":
        text = re.sub(r"(?is)<!--.*?(-->|$)|<(style|script)\b.*?(</\2>|$)|<[^>]*(>|$)", " ", text)
        text = unescape(text)
    return " ".join(text.split())
