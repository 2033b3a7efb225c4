"""Reading an IMAP server: bytes in, responses out. No sockets here (RFC 3501 9, RFC 4466).

A value is bytes (atom, number, quoted string or literal), None (NIL) or a list of values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

CRLF = b"\r\n"
LITERAL = re.compile(rb"~?\{(\d{1,10})\+?\}\Z")
STATUS = re.compile(rb"(\S+) (OK|NO|BAD|BYE|PREAUTH)(?: (.*))?\Z", re.DOTALL | re.IGNORECASE)
ATOM_STOP = re.compile(rb'[\s()"\[]')
RESPONSE_BYTES_MAX = 64 * 1024 * 1024
LINE_BYTES_MAX = 4 * 1024 * 1024
DEPTH_MAX = 200
# Dovecot tells at most 10,000 parts of a message, each in a few lists. A collection of more would hold up all threads.
LISTS_MAX = 200_000


class Garbled(Exception):
    """The server said something that is no IMAP."""


@dataclass
class Response:
    """One response. tag: b"*", b"+" or a command's tag. kind: OK | NO | BAD | BYE | PREAUTH, or "" for data.

    code: the values inside [brackets] of a status response. values: the data.
    """

    tag: bytes
    kind: str = ""
    code: list[Any] = field(default_factory=list)
    text: bytes = b""
    values: list[Any] = field(default_factory=list)


class Incoming:
    """Collects what the server sends and cuts it into responses."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.scanned = 0
        self.line_start = 0

    def feed(self, data: bytes) -> None:
        """More bytes from the server. Raises Garbled when a response grows beyond all measure."""
        self.data += data
        if len(self.data) > RESPONSE_BYTES_MAX:
            raise Garbled("A response is too long.")

    def take(self) -> Response | None:
        """The next whole response, or None when more bytes are needed. Raises Garbled."""
        while True:
            end = self.data.find(CRLF, self.scanned)
            if end < 0:
                if len(self.data) - self.line_start > LINE_BYTES_MAX and self.scanned <= len(self.data):
                    raise Garbled("A line is too long.")
                # The last byte may be half of the next line end.
                self.scanned = max(self.scanned, len(self.data) - 1) if self.scanned <= len(self.data) else self.scanned
                return None
            tail = bytes(self.data[max(self.line_start, end - 16) : end])
            literal = LITERAL.search(tail)
            if literal and not _is_status(bytes(self.data[:64])):
                length = int(literal[1])
                if length > RESPONSE_BYTES_MAX:
                    raise Garbled("A literal is too long.")
                self.scanned = self.line_start = end + 2 + length
                continue
            whole = bytes(self.data[:end])
            del self.data[: end + 2]
            self.scanned = self.line_start = 0
            return parse(whole)


def _is_status(start: bytes) -> bool:
    """Whether this is text for people, in which braces mean nothing."""
    return STATUS.match(start) is not None


def parse(whole: bytes) -> Response:
    """One response without its line end, literals inside. Raises Garbled."""
    if whole.startswith(b"+"):
        return Response(b"+", text=whole[2:])
    status = STATUS.match(whole)
    if status:
        code, text = _code(status[3] or b"")
        return Response(status[1], status[2].decode().upper(), code, text)
    tag, space, rest = whole.partition(b" ")
    if tag != b"*" or not space:
        raise Garbled("A response has no tag.")
    return Response(tag, values=values_of(rest))


def _code(text: bytes) -> tuple[list[Any], bytes]:
    if not text.startswith(b"["):
        return [], text
    inner, closed, rest = text[1:].partition(b"]")
    if not closed:
        return [], text
    try:
        return values_of(inner), rest.strip()
    except Garbled:
        return [], text


def values_of(data: bytes) -> list[Any]:
    """All values in `data`. Raises Garbled."""
    top: list[Any] = []
    stack = [top]
    at, end, lists = 0, len(data), 0
    while at < end:
        sign = data[at : at + 1]
        if sign in (b" ", b"\r", b"\n", b"\t"):
            at += 1
        elif sign == b"(":
            if len(stack) > DEPTH_MAX:
                raise Garbled("Lists are nested too deeply.")
            lists += 1
            if lists > LISTS_MAX:
                raise Garbled("There are too many lists.")
            inner: list[Any] = []
            stack[-1].append(inner)
            stack.append(inner)
            at += 1
        elif sign == b")":
            if len(stack) == 1:
                raise Garbled("A list ends that was not begun.")
            stack.pop()
            at += 1
        else:
            value, at = _value(data, at)
            stack[-1].append(value)
    if len(stack) > 1:
        raise Garbled("A list does not end.")
    return top


def _value(data: bytes, at: int) -> tuple[bytes | None, int]:
    if data[at : at + 1] == b'"':
        return _quoted(data, at + 1)
    if data[at : at + 1] == b"{" or data[at : at + 2] == b"~{":
        return _literal(data, at)
    return _atom(data, at)


def _quoted(data: bytes, at: int) -> tuple[bytes, int]:
    found = bytearray()
    while True:
        stop = re.compile(rb'["\\]').search(data, at)
        if stop is None:
            raise Garbled("A quoted string does not end.")
        found += data[at : stop.start()]
        if stop[0] == b'"':
            return bytes(found), stop.end()
        found += data[stop.end() : stop.end() + 1]
        at = stop.end() + 1


def _literal(data: bytes, at: int) -> tuple[bytes, int]:
    line_end = data.find(CRLF, at)
    head = LITERAL.match(data[at:line_end]) if line_end > 0 else None
    if head is None:
        raise Garbled("A literal has no length.")
    start = line_end + 2
    stop = start + int(head[1])
    if stop > len(data):
        raise Garbled("A literal is cut off.")
    return data[start:stop], stop


def _atom(data: bytes, at: int) -> tuple[bytes | None, int]:
    """An atom; what stands in [brackets] belongs to it, spaces and lists included: BODY[HEADER.FIELDS (TO)]<0>."""
    start = at
    while stop := ATOM_STOP.search(data, at):
        at = stop.start()
        if stop[0] != b"[":
            break
        closed = data.find(b"]", at)
        if closed < 0:
            raise Garbled("A bracket does not close.")
        at = closed + 1
    else:
        at = len(data)
    if at == start:
        raise Garbled("There is no value.")
    atom = data[start:at]
    return (None if atom.upper() == b"NIL" else atom), at


def quote(text: bytes) -> bytes | None:
    """`text` as a quoted string, or None when only a literal can carry it."""
    if len(text) > 200 or any(byte < 32 or byte > 126 for byte in text):
        return None
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
