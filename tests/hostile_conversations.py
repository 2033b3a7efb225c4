"""Conversations of strangers and of Postfix as a whole, not only what is parsed in them (see hostile.py)."""

from __future__ import annotations

import asyncio
import io
import tempfile
from pathlib import Path
from unittest.mock import patch

from filter_rules import RULES
from hostile import parser
from hostile import run as finished
from mailroom.core import paths
from mailroom.core.problems import Problem
from mailroom.filtering import policy, socketmap
from mailroom.web import heads
from mailroom.web.hub import Hub
from mailroom.web.portal import uploads
from mailroom.web.streams import Streams


class Sink(asyncio.StreamWriter):
    """Where a conversation writes: takes everything at once."""

    def __init__(self) -> None:
        self.came = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.came += data

    async def drain(self) -> None:
        """Nobody waits here."""

    def close(self) -> None:
        """Nothing is open."""

    async def wait_closed(self) -> None:
        """Nothing is open."""

    def __del__(self) -> None:
        """No transport to look after."""


def heard(content: bytes) -> asyncio.StreamReader:
    """A client that sends this and goes."""
    reader = asyncio.StreamReader(limit=heads.HEAD_BYTES_MAX)
    reader.feed_data(content)
    reader.feed_eof()
    return reader


# asyncio takes no more than twice its limit before it is read (64 KB); each question gives way to
# others (tests/unit/filtering/test_conversations_give_way.py).
BUFFERED = 128 * 1024


@parser("filtering.socketmap", bytes_max=BUFFERED, before=(b"", b"3:a b,", b"4096:"), after=(b"", b","),
        own=(b"3:a b,", b"1:a,", b"9:", b"000001:"), turns=True)  # fmt: skip
def socketmap_conversation(content: bytes) -> object:
    async def answer(table: str, key: str) -> str:
        return socketmap.NOT_FOUND

    sink = Sink()

    async def talk() -> None:
        await socketmap.serve(heard(content), sink, answer)

    finished(talk())
    return bytes(sink.came)


@parser(
    "filtering.policy",
    bytes_max=BUFFERED,
    before=(b"", b"request=smtpd_access_policy\n"),
    own=(b"a=b\n", b"a=b\n\n", b"\n\n"),
    turns=True,
)
def policy_conversation(content: bytes) -> object:
    sink = Sink()

    async def talk() -> None:
        await policy.serve(heard(content), sink, lambda: RULES)

    finished(talk())
    return bytes(sink.came)


POST = b"POST /mail/api/uploads HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"


# An inner server that is away: what is measured is what the hub does before it asks it, and its refusal.
@parser("web.hub", before=(b"", b"GET /mail/ HTTP/1.1\r\n", POST % 1_000, POST % 500_000, POST % 2_000_000),
        own=(b"X-Forwarded-For: 192.0.2.1, ", b"Cookie: mailroom=a:b; "), after=(b"", b"\r\n\r\n"))  # fmt: skip
def hub_conversation(content: bytes) -> object:
    sink = Sink()
    with tempfile.TemporaryDirectory() as folder, patch.object(paths, "UPLOADS", Path(folder)):
        hub = Hub(Path(folder) / "nobody.sock", Streams({}))

        async def talk() -> None:
            await hub.portal(heard(content), sink)

        finished(talk())
    return bytes(sink.came)


@parser("web.portal.uploads", refuses=(Problem,))
def upload_stream(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder, patch.object(paths, "UPLOADS", Path(folder)):
        kept = uploads.take("anna", "a.bin", "text/plain", io.BytesIO(content), len(content), 25_000_000)
        return [kept.name, kept.size, kept.file.stat().st_size]
