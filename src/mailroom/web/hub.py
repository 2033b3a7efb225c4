"""The front of the web process: takes connections from portal and window, streams events, passes the rest inwards.

One request a connection. A client that is slow costs a few kilobytes here, never one of the inner server's threads:
bodies and answers are kept (beyond 256 KB in a file) until the other side has all of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import struct
from contextlib import suppress
from http.client import responses
from pathlib import Path
from typing import IO

from mailroom.core import paths
from mailroom.web import heads
from mailroom.web.heads import BadHead, Head
from mailroom.web.places import Places
from mailroom.web.spool import spool
from mailroom.web.streams import Streams

LOG = logging.getLogger("mailroom.web.hub")
HEAD_LIMIT_S = 10.0
CHUNK_LIMIT_S = 20.0
SLOWEST_BYTES_S = 4_096
ANSWER_LIMIT_S = 150.0
TURN_LIMIT_S = 30.0
# Each side has its own, so that whoever floods the portal does not lock the administrators out.
CONNECTIONS_MAX = {"portal": 500, "window": 200}
INSIDE_MAX = {"portal": 7, "window": 3}
# Of these for one address: an office behind one address has several users, but is not alone.
INSIDE_EACH_MAX = {"portal": 4, "window": 3}
CHUNK = 64 * 1024
PREFLIGHT_FROM_BYTES = 1_000_000
WINDOW, PORTAL = "window", "portal"
PING = "/ping"
HEAD_END = b"\r\n\r\n"

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


class Hub:
    """Both listeners."""

    def __init__(self, inner: Path, streams: Streams) -> None:
        self.inner, self.streams = inner, streams
        self.places = {side: Places(count, INSIDE_EACH_MAX[side]) for side, count in INSIDE_MAX.items()}
        self.connections = dict.fromkeys(CONNECTIONS_MAX, 0)
        self.allowed = _allowed_users()

    async def window(self, reader: Reader, writer: Writer) -> None:
        """A connection on the window's socket."""
        peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        if struct.unpack("3i", peer)[1] in self.allowed:
            await self._serve(WINDOW, reader, writer)
        else:
            writer.close()

    async def portal(self, reader: Reader, writer: Writer) -> None:
        """A connection on the portal's port."""
        await self._serve(PORTAL, reader, writer)

    async def _serve(self, side: str, reader: Reader, writer: Writer) -> None:
        self.connections[side] += 1
        try:
            if self.connections[side] > CONNECTIONS_MAX[side]:
                raise BadHead(503, "Too many connections.")
            await self._converse(side, reader, writer)
        except BadHead as bad:
            await _refuse(writer, bad)
        except (OSError, EOFError, TimeoutError):
            LOG.debug("a client went away or was too slow")
        finally:
            self.connections[side] -= 1
            writer.close()
            with suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), CHUNK_LIMIT_S)

    async def _converse(self, side: str, reader: Reader, writer: Writer) -> None:
        head = heads.request(await _head(reader))
        if side == PORTAL and head.target.partition("?")[0] == PING:
            writer.write(_short(200, b"pong\n"))
            return await writer.drain()
        if side == PORTAL and head.target.partition("?")[0] == "/mail":
            writer.write(_short(308, b"", "Location: mail/\r\n"))
            return await writer.drain()
        who = side, _address(head, side), _user(head, side)
        if head.length > PREFLIGHT_FROM_BYTES and not await self._may_send(
            *who[:2], heads.passed_on(head, *who, body_later=True), writer
        ):
            return None
        passed = heads.passed_on(head, *who)
        with spool() as body, spool() as answer:
            await _take(reader, body, head.length)
            status, reason, known = await self._ask(*who[:2], passed, body, answer)
            channel = next((value for name, value in known if name == "x-mailroom-stream"), "")
            if channel and status == 200:
                return await self.streams.serve(json.loads(channel), reader, writer)
            await _give(writer, status, reason, known, answer, head.method)

    async def _may_send(self, side: str, address: str, asked: bytes, writer: Writer) -> bool:
        """Let the guards look at the head before a long body is taken; a refusal is passed on."""
        with spool() as body, spool() as answer:
            status, reason, known = await self._ask(side, address, asked, body, answer)
            if status == 204:
                return True
            await _give(writer, status, reason, known, answer, "POST")
            return False

    async def _ask(
        self, side: str, address: str, passed: bytes, body: IO[bytes], answer: IO[bytes]
    ) -> tuple[int, str, list[tuple[str, str]]]:
        """The inner server's answer; its body is in `answer`, from the beginning."""
        try:
            async with self.places[side].one(address, TURN_LIMIT_S):
                return await self._ask_in_time(passed, body, answer)
        except TimeoutError:
            raise BadHead(503, "The server is busy.") from None

    async def _ask_in_time(
        self, passed: bytes, body: IO[bytes], answer: IO[bytes]
    ) -> tuple[int, str, list[tuple[str, str]]]:
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await self._ask_in_turn(passed, body, answer)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            raise BadHead(502, "The inner server does not answer.") from None

    async def _ask_in_turn(
        self, passed: bytes, body: IO[bytes], answer: IO[bytes]
    ) -> tuple[int, str, list[tuple[str, str]]]:
        # A server that refuses early closes early, and its answer is there all the same: asyncio's streams would throw
        # it away when sending fails, a plain socket does not.
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as link:
            link.setblocking(False)
            await loop.sock_connect(link, str(self.inner))
            refused = not await _sent(link, passed, body)
            head, rest = await _first(link)
            answer.write(rest)
            try:
                while chunk := await loop.sock_recv(link, CHUNK):
                    answer.write(chunk)
            except ConnectionError:
                if not refused:
                    raise
        answer.seek(0)
        return heads.answer(head)


async def _sent(link: socket.socket, head: bytes, body: IO[bytes]) -> bool:
    """Send a request; whether the other side took all of it."""
    loop = asyncio.get_running_loop()
    body.seek(0)
    try:
        await loop.sock_sendall(link, head)
        while chunk := body.read(CHUNK):
            await loop.sock_sendall(link, chunk)
    except ConnectionError:
        return False
    return True


async def _first(link: socket.socket) -> tuple[bytes, bytes]:
    """The head of an answer, and what came with it. Raises OSError, EOFError, LimitOverrunError."""
    told = b""
    while HEAD_END not in told:
        if len(told) > 2 * heads.HEAD_BYTES_MAX:
            raise asyncio.LimitOverrunError("The head is too large.", len(told))
        if not (chunk := await asyncio.get_running_loop().sock_recv(link, CHUNK)):
            raise EOFError
        told += chunk
    head, _, rest = told.partition(HEAD_END)
    return head, rest


async def _head(reader: Reader) -> bytes:
    try:
        async with asyncio.timeout(HEAD_LIMIT_S):
            return (await reader.readuntil(HEAD_END)).removesuffix(HEAD_END)
    except asyncio.LimitOverrunError:
        raise BadHead(431, "The head is too large.") from None
    except TimeoutError:
        raise BadHead(408, "The head did not come in time.") from None


async def _take(reader: Reader, body: IO[bytes], length: int) -> None:
    """The request's body, at a pace that ends."""
    async with asyncio.timeout(CHUNK_LIMIT_S + length / SLOWEST_BYTES_S):
        while length > 0:
            async with asyncio.timeout(CHUNK_LIMIT_S):
                chunk = await reader.read(min(CHUNK, length))
            if not chunk:
                raise EOFError
            body.write(chunk)
            length -= len(chunk)


async def _give(
    writer: Writer, status: int, reason: str, known: list[tuple[str, str]], answer: IO[bytes], method: str
) -> None:
    """Pass an answer on. Its length is what we have, whatever the inner server has said."""
    length = answer.seek(0, os.SEEK_END)
    answer.seek(0)
    told = next((value for name, value in known if name == "content-length"), None)
    if told is not None and method != "HEAD" and int(told) != length:
        raise BadHead(502, "The inner server did not finish its answer.")
    kept = [
        f"{name}: {value}"
        for name, value in known
        if name not in heads.HOP and not name.startswith(heads.OURS) and name not in ("content-length", "server")
    ]
    if status not in (204, 304):
        kept.append(f"content-length: {told if method == 'HEAD' and told else length}")
    lines = [f"HTTP/1.1 {status} {reason}", *kept, "connection: close"]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    while chunk := answer.read(CHUNK):
        writer.write(chunk)
        async with asyncio.timeout(CHUNK_LIMIT_S):
            await writer.drain()
    async with asyncio.timeout(CHUNK_LIMIT_S):
        await writer.drain()


async def _refuse(writer: Writer, bad: BadHead) -> None:
    told = json.dumps({"code": "bad_request" if bad.status < 500 else "unavailable", "message": bad.words}).encode()
    with suppress(OSError, TimeoutError):
        writer.write(_short(bad.status, told, "Content-Type: application/json\r\n"))
        async with asyncio.timeout(CHUNK_LIMIT_S):
            await writer.drain()


def _short(status: int, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} {responses[status]}\r\nContent-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    return head.encode() + body


def _address(head: Head, side: str) -> str:
    """Where the client is: told by the relay, or by the host's web server, whose own word is the last in the list."""
    if side == WINDOW:
        return head.get("x-mailroom-address")
    return head.get("x-forwarded-for").rpartition(",")[2].strip() or "127.0.0.1"


def _user(head: Head, side: str) -> str:
    return head.get("x-mailroom-user") if side == WINDOW else ""


def _allowed_users() -> set[int]:
    """Who may speak on the window's socket: root, ourselves, and the package's user, as whom the relay runs."""
    named = os.environ.get("MAILROOM_PACKAGE_UID", "")
    return {0, os.geteuid(), *([int(named)] if named.isdigit() else [])}


async def listen(hub: Hub) -> list[asyncio.Server]:
    """Open both listeners."""
    window = paths.RELAY_SOCKET
    window.unlink(missing_ok=True)
    limit = heads.HEAD_BYTES_MAX
    servers = [
        await asyncio.start_unix_server(hub.window, str(window), limit=limit),
        await asyncio.start_server(hub.portal, "127.0.0.1", paths.PORTAL_PORT, limit=limit, reuse_address=True),
    ]
    # Everybody may connect, and whoever is not allowed is sent away by `window`: the package's user has no group here.
    window.chmod(0o666)
    return servers
