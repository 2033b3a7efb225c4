"""The desktop's web server: sign-in, the packages' windows, their CGI programs, the web API and the portals."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from dsmhost import desktop_pages, web_api
from dsmhost.center import Center
from dsmhost.cgi import run_cgi
from dsmhost.http import Request, Response, read_request
from dsmhost.portal import proxy
from dsmhost.sessions import Sessions

PORT = 5000
THIRD_PARTY = "/webman/3rdparty/"


class Desktop:
    """DSM's web server on port 5000."""

    def __init__(self, root: Path, center: Center, profile: str) -> None:
        self.root, self.center, self.profile = root, center, profile
        self.sessions = Sessions(root)

    async def listen(self) -> None:
        """Answer on all of the machine's addresses."""
        await asyncio.start_server(self._connection, "0.0.0.0", PORT, limit=1024 * 1024)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            request = await read_request(reader, writer.get_extra_info("peername")[0])
            response = await self._answer(request, reader, writer)
            if response is not None:
                writer.write(response.as_bytes())
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Response | None:
        """A whole response, or None when it was streamed."""
        for alias, target in self._portals().items():
            if request.path == f"/{alias}" or request.path.startswith(f"/{alias}/"):
                return await proxy(request, target, reader, writer)
        if request.path.startswith(THIRD_PARTY):
            return await run_cgi(self.root, request, reader, writer)
        if request.path.startswith("/webapi/"):
            return await web_api.answer(request, await request.body(reader), self.sessions, self.center)
        if request.path == "/webman/login.cgi":
            return web_api.token(request, self.sessions)
        return await desktop_pages.answer(request, await request.body(reader), self)

    def _portals(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in self.center.packages():
            found.update(self.center.workers.portals(self.center.get(name)))
        return found
