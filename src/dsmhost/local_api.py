"""What the machine's own tools ask the first process, over a socket that only the machine sees."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from dsmhost.center import Center
from dsmhost.synopkg import Synopkg

if TYPE_CHECKING:
    from dsmhost.desktop import Desktop

HEAD_MAX = 256 * 1024


class LocalApi:
    """A few GET requests from `synopkg`, `synouser` and `authenticate.cgi`."""

    def __init__(self, center: Center, desktop: Desktop) -> None:
        self.synopkg, self.sessions = Synopkg(center), desktop.sessions

    async def listen(self, place: Path) -> None:
        """Answer at this socket. Every program of the machine may ask; the kernel says whether it is root."""
        place.unlink(missing_ok=True)
        # This socket lies in the machine's /run: its path here may be too long for a socket's name.
        await asyncio.start_unix_server(self._answer, os.path.relpath(place), limit=HEAD_MAX)
        place.chmod(0o666)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            target = (await reader.readline()).decode().split()[1]
            while (await reader.readline()).strip():
                pass
            asked = parse_qs(urlsplit(target).query, keep_blank_values=True)
            body = await self._do(urlsplit(target).path, asked, _uid(writer))
            writer.write(f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    async def _do(self, path: str, asked: dict[str, list[str]], uid: int) -> bytes:
        one = {name: values[0] for name, values in asked.items()}
        if path == "/authenticate":
            user = self.sessions.who(one.get("cookie", ""), one.get("address", ""), one)
            return f"{user}\n".encode() if user else b""
        if path == "/password" and uid == 0:
            return b"wrong" if self.sessions.check(one.get("user", ""), one.get("password", "")) else b"right"
        if path == "/synopkg":
            code, text = await asyncio.to_thread(self.synopkg.do, asked.get("a", []), uid)
            return f"{text}\n{code}".encode()
        return b""


def _uid(writer: asyncio.StreamWriter) -> int:
    link = writer.get_extra_info("socket")
    peer = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", peer)[1])
