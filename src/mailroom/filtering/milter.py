"""The milter protocol, version 6, as Postfix speaks it (Sendmail's mfdef.h; MILTER_README).

Bytes in, bytes out: this module knows the wire, `session.py` knows what the events mean.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator

from mailroom.filtering.message import Changes

VERSION = 6
# Postfix sends a body in pieces of 64 KB; its longest header has 100 KB (header_size_limit).
PACKET_BYTES_MAX = 1024 * 1024
ADD_HEADERS, CHANGE_BODY, DROP_RECIPIENTS, CHANGE_HEADERS, ADD_RECIPIENTS = 0x01, 0x02, 0x08, 0x10, 0x80
NO_END_OF_HEADERS, NO_UNKNOWN = 0x40, 0x100
NO_REPLY_HEADER, NO_REPLY_CONNECT, NO_REPLY_HELO, NO_REPLY_MAIL = 0x80, 0x1000, 0x2000, 0x4000
NO_REPLY_RECIPIENT, NO_REPLY_DATA, NO_REPLY_BODY = 0x8000, 0x10000, 0x80000
SEE_REFUSED, LEADING_SPACE = 0x800, 0x100000
WANTED_ACTIONS = ADD_HEADERS | CHANGE_BODY | DROP_RECIPIENTS | CHANGE_HEADERS | ADD_RECIPIENTS
# The most that fits into one packet of a replaced body (MILTER_CHUNK_SIZE).
BODY_PIECE_BYTES = 65535
# Each is needed: without the first six Postfix would wait for answers that we never send.
WANTED_EVENTS = (
    NO_REPLY_HEADER
    | NO_REPLY_CONNECT
    | NO_REPLY_HELO
    | NO_REPLY_RECIPIENT
    | NO_REPLY_DATA
    | NO_REPLY_BODY
    | NO_END_OF_HEADERS
    | NO_UNKNOWN
    | SEE_REFUSED
    | LEADING_SPACE
)


class Nonsense(ValueError):
    """The other side does not speak this protocol."""


def packet(command: bytes, content: bytes = b"") -> bytes:
    """One packet on the wire."""
    return struct.pack("!I", len(content) + 1) + command + content


async def next_packet(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """(command, content). Raises Nonsense, or EOFError when the other side has gone."""
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    if not 1 <= length <= PACKET_BYTES_MAX:
        raise Nonsense(f"a packet of {length} bytes")
    whole = await reader.readexactly(length)
    return whole[:1], whole[1:]


def options(offer: bytes) -> bytes:
    """Our answer to the option negotiation. Raises Nonsense when Postfix lacks what we cannot do without."""
    if len(offer) < 12:
        raise Nonsense("a short offer")
    version, actions, events = struct.unpack("!III", offer[:12])
    if version < VERSION or actions & WANTED_ACTIONS != WANTED_ACTIONS or events & WANTED_EVENTS != WANTED_EVENTS:
        raise Nonsense(f"version {version}, actions {actions:#x}, events {events:#x}")
    return packet(b"O", struct.pack("!III", VERSION, WANTED_ACTIONS, WANTED_EVENTS))


def strings(content: bytes) -> list[str]:
    """The zero-ended strings of a packet."""
    return [part.decode("utf-8", "replace") for part in content.split(b"\0")[:-1]]


def macros(content: bytes) -> dict[str, str]:
    """Names and values of a macro packet, without the command it belongs to."""
    parts = strings(content[1:])
    return {name.strip("{}"): value for name, value in zip(parts[::2], parts[1::2], strict=False)}


def header(content: bytes) -> tuple[bytes, bytes]:
    """(name, value) of a header packet. Raises Nonsense."""
    parts = content.split(b"\0")
    if len(parts) < 3:
        raise Nonsense("a header without an end")
    return parts[0], parts[1]


GO_ON = packet(b"c")


def refusal(reply: str) -> bytes:
    """The packet that refuses a command, or a message."""
    return packet(b"y", reply.encode("ascii", "replace").replace(b"%", b"%%") + b"\0")


def verdict(changes: Changes) -> Iterator[bytes]:
    """The packets that carry out `changes` and end the transaction; a new body in pieces, as it may be large."""
    if changes.final == "discard":
        yield packet(b"d")
        return
    if changes.final != "accept":
        yield refusal(changes.final)
        return
    edits = [
        packet(b"m", struct.pack("!I", index) + name + b"\0" + value + b"\0") for index, name, value in changes.replaced
    ]
    edits += [packet(b"h", name + b"\0" + value + b"\0") for name, value in changes.added]
    edits += [packet(b"-", b"<%b>\0" % address.encode()) for address in changes.dropped]
    # The sender must not learn from a failure that there is a copy (RFC 3461 4.1).
    edits += [packet(b"2", b"<%b>\0NOTIFY=NEVER\0" % address.encode()) for address in changes.copies]
    if changes.body is None:
        yield b"".join([*edits, packet(b"a")])
        return
    yield b"".join(edits)
    for piece in changes.body:
        for at in range(0, len(piece), BODY_PIECE_BYTES):
            yield packet(b"b", bytes(piece[at : at + BODY_PIECE_BYTES]))
    yield packet(b"a")
