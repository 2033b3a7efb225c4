"""The hub with an inner server that pretends: slow clients, streams, long bodies, answers that break off."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from mailroom.core import paths
from mailroom.web import hub as hub_module
from mailroom.web.hub import Hub
from mailroom.web.streams import Event, Streams

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Mailroom-Secret: 1\r\nServer: x\r\n\r\nhi"
Inner = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Front:
    """A hub between a client and an inner server that pretends."""

    def __init__(self, folder: Path, inner: Inner, source: Callable[[], AsyncIterator[Event]] | None = None) -> None:
        self.folder, self.inner, self.heard = folder, inner, []
        self.streams = Streams({"test": lambda facts: source()} if source else {})

    async def __aenter__(self) -> Front:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")), 0
            )
            body = await reader.readexactly(length)
            self.heard.append(head + body)
            await self.inner(head, writer)
            writer.close()

        self.server = await asyncio.start_unix_server(answer, str(self.folder / "inner"))
        hub = Hub(self.folder / "inner", self.streams)
        self.front = await asyncio.start_unix_server(hub.portal, str(self.folder / "front"), limit=32 * 1024)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.front.close()
        self.server.close()

    async def ask(self, data: bytes) -> bytes:
        """What the hub answers to these bytes, to the end."""
        reader, writer = await asyncio.open_unix_connection(str(self.folder / "front"))
        writer.write(data)
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()


async def says_ok(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


@pytest.fixture(autouse=True)
def spools_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "UPLOADS", tmp_path)


def run(work: Awaitable[None]) -> None:
    async def main() -> None:
        await work

    asyncio.run(main())


def test_a_request_passes_and_what_is_ours_stays_inside(tmp_path: Path) -> None:
    async def work() -> None:
        async with Front(tmp_path, says_ok) as front:
            answer = await front.ask(b"POST /mail/x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, 192.0.2.1\r\n"
                                     b"Content-Length: 3\r\n\r\nabc")  # fmt: skip
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nhi")
            assert b"ecret" not in answer and b"erver" not in answer
            assert front.heard[0].endswith(b"abc") and b"x-mailroom-address: 192.0.2.1\r\n" in front.heard[0]

    run(work())


def test_ping_and_the_bare_name_are_answered_at_once(tmp_path: Path) -> None:
    async def work() -> None:
        async with Front(tmp_path, says_ok) as front:
            assert (await front.ask(b"GET /ping HTTP/1.0\r\n\r\n")).endswith(b"pong\n")
            assert b"Location: mail/\r\n" in await front.ask(b"GET /mail HTTP/1.1\r\n\r\n")
            assert front.heard == []

    run(work())


def test_bad_and_endless_heads_are_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with Front(tmp_path, says_ok) as front:
            assert (await front.ask(b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400")
            assert (await front.ask(b"GET / HTTP/1.1\r\nA: " + b"b" * 40_000)).startswith(b"HTTP/1.1 431")
            assert front.heard == []

    run(work())


def test_who_is_slow_to_speak_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "HEAD_LIMIT_S", 0.05)
    monkeypatch.setattr(hub_module, "CHUNK_LIMIT_S", 0.05)

    async def work() -> None:
        async with Front(tmp_path, says_ok) as front:
            assert (await front.ask(b"GET / HT")).startswith(b"HTTP/1.1 408")
            # A body that does not come never takes a turn inside.
            assert await front.ask(b"POST /mail/x HTTP/1.1\r\nContent-Length: 9\r\n\r\nab") == b""
            assert front.heard == []

    run(work())


def test_an_answer_that_breaks_off_is_no_answer(tmp_path: Path) -> None:
    async def breaks(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    async def work() -> None:
        async with Front(tmp_path, breaks) as front:
            assert (await front.ask(b"GET /mail/x HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 502")

    run(work())


def test_a_long_body_waits_for_the_guards(tmp_path: Path) -> None:
    async def refuses(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async def work() -> None:
        async with Front(tmp_path, refuses) as front:
            # Not one byte of the body is sent.
            answer = await front.ask(b"POST /mail/x HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 403") and b"x-mailroom-later: 5000000" in front.heard[0]

    run(work())


def test_the_answer_of_a_server_that_refuses_a_body_early_arrives(tmp_path: Path) -> None:
    """It closes while we send: whoever reads only afterwards must not lose what it said."""

    def refuse(listener: socket.socket) -> None:
        for _ in range(20):
            link, _ = listener.accept()
            with link:
                link.recv(4096)
                link.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")

    async def work() -> None:
        async with Front(tmp_path, says_ok) as front:
            (tmp_path / "inner").unlink()
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(tmp_path / "inner"))
                listener.listen()
                server = threading.Thread(target=refuse, args=(listener,))
                server.start()
                request = b"POST /mail/x HTTP/1.1\r\nContent-Length: 900000\r\n\r\n" + b"x" * 900_000
                answers = [await front.ask(request) for _ in range(20)]
                server.join()
            assert {(answer[:12], answer[-3:]) for answer in answers} == {(b"HTTP/1.1 413", b"big")}

    run(work())


def test_a_stream_tells_everybody_and_its_source_ends_with_the_last(tmp_path: Path) -> None:
    ended: list[bool] = []

    async def source() -> AsyncIterator[Event]:
        try:
            while True:
                await asyncio.sleep(0.01)
                yield "change", {"id": 1}
        finally:
            ended.append(True)

    async def streams(head: bytes, writer: asyncio.StreamWriter) -> None:
        told = json.dumps({"channel": "test", "key": "anna"}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nX-Mailroom-Stream: " + told + b"\r\nContent-Length: 0\r\n\r\n")

    async def work() -> None:
        async with Front(tmp_path, streams, source) as front:
            links = []
            for _ in range(2):
                reader, writer = await asyncio.open_unix_connection(str(tmp_path / "front"))
                writer.write(b"GET /mail/api/events HTTP/1.1\r\n\r\n")
                links.append(writer)
                heard = await asyncio.wait_for(reader.readuntil(b'data: {"id": 1}\n\n'), 10)
                assert b"text/event-stream" in heard and b"event: change" in heard
            assert len(front.streams.channels) == 1
            for writer in links:
                writer.close()
            while not ended:
                await asyncio.sleep(0.01)
            assert front.streams.channels == {} and front.streams.open == 0

    run(work())
