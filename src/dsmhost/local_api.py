"""What the machine's own tools ask the first process, over a socket that only the machine sees."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from dsmhost.center import Center
from dsmhost.spk import Refused

if TYPE_CHECKING:
    from dsmhost.desktop import Desktop


class LocalApi:
    """A few GET requests from `synopkg` and `authenticate.cgi`."""

    def __init__(self, center: Center, desktop: Desktop) -> None:
        self.center, self.desktop = center, desktop

    async def listen(self, socket: Path) -> None:
        """Answer at this socket. Every program of the machine may ask; what needs root says who it is by its uid."""
        socket.unlink(missing_ok=True)
        await asyncio.start_unix_server(self._answer, socket)
        socket.chmod(0o666)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError):
            target = (await reader.readline()).decode().split()[1]
            while (await reader.readline()).strip():
                pass
            asked = parse_qs(urlsplit(target).query)
            path = urlsplit(target).path
            peer = writer.get_extra_info("socket")
            body = await self._do(path, asked, _uid(peer))
            writer.write(f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    async def _do(self, path: str, asked: dict[str, list[str]], uid: int) -> bytes:
        if path == "/authenticate":
            one = {name: values[0] for name, values in asked.items()}
            user = self.desktop.sessions.who(one.get("cookie", ""), one.get("address", ""), one)
            return f"{user}\n".encode() if user else b""
        if path == "/synopkg" and uid == 0:
            return await asyncio.to_thread(self._synopkg, asked.get("a", []))
        return b"255\n"

    def _synopkg(self, words: list[str]) -> bytes:
        """The last line is the exit code."""
        verb, name = (*words, "", "")[:2]
        actions = {"start": self.center.start, "stop": self.center.stop}
        try:
            if verb == "restart":
                self.center.stop(name)
                verb = "start"
            if verb in actions:
                result = actions[verb](name)
                return json.dumps({"action": verb, "success": True, **result}).encode() + b"\n0\n"
            if verb in ("status", "is_onoff", "version"):
                known = self.center.status(name)
                code = 0 if known["code"] == 0 else 17
                return f"{known['version'] if verb == 'version' else json.dumps(known)}\n{code}\n".encode()
        except Refused as refused:
            failed = {"action": verb, "success": False, "error": {"code": refused.code, "description": refused.message}}
            return json.dumps(failed).encode() + f"\n{255 if refused.code == 255 else 1}\n".encode()
        return b"unknown verb\n1\n"


def _uid(link: object) -> int:
    import socket
    import struct

    peer = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))  # type: ignore[attr-defined]
    return int(struct.unpack("3i", peer)[1])
