"""The machine's web server: sign-in, the packages' windows, their CGI programs, the web API and the portals."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from dsmhost import desktop_pages, web_api
from dsmhost.center import Center
from dsmhost.cgi import run_cgi
from dsmhost.http import HEAD_MAX, Request, Response, read_request
from dsmhost.portal import Portal, of_service, proxy
from dsmhost.sessions import Sessions

DESKTOP_PORT, WEB_PORT = 5000, 80
THIRD_PARTY = "/webman/3rdparty/"
BAD = Response(b"Bad request", "text/plain", "400 Bad Request")
TO_DESKTOP = Response(b"<!doctype html><script>location.port = 5000</script>")


class Desktop:
    """DSM's desktop on port 5000; the portals there and on port 80."""

    def __init__(self, root: Path, center: Center, profile: str) -> None:
        self.root, self.center, self.profile = root, center, profile
        self.sessions = Sessions(root)

    async def listen(self) -> None:
        """Answer on all of the machine's addresses."""
        for port in (DESKTOP_PORT, WEB_PORT):
            await asyncio.start_server(self._connection, "0.0.0.0", port, limit=HEAD_MAX)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            server, port = writer.get_extra_info("sockname")[:2]
            try:
                request = await read_request(reader, writer.get_extra_info("peername")[0], server)
                response = await self._answer(request, port, reader, writer)
            except ValueError:
                response = BAD
            if response is not None:
                writer.write(response.as_bytes())
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    async def _answer(
        self, request: Request, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Response | None:
        """A whole response, or None when it was streamed. Raises ValueError for a request that makes no sense."""
        for alias, portal in self._portals(port).items():
            if request.path == f"/{alias}" or request.path.startswith(f"/{alias}/"):
                return await proxy(self.root, request, alias, portal, reader, writer)
        if port == WEB_PORT:
            return TO_DESKTOP
        if request.path.startswith(THIRD_PARTY):
            return await run_cgi(self.root, request, reader, writer)
        if request.path.startswith("/webapi/"):
            return await web_api.answer(request, await request.body(reader), self.sessions, self.center)
        if request.path == "/webman/login.cgi":
            return web_api.token(request, self.sessions)
        return await desktop_pages.answer(request, self)

    def _portals(self, port: int) -> dict[str, Portal]:
        if self.profile != "7":
            return self.center.nginx
        packages = [self.center.get(name) for name in self.center.packages()]
        services = [self.center.workers.portals(package) for package in packages]
        known = {alias: of_service(service) for found in services for alias, service in found.items()}
        return {**self.center.nginx, **known} if port == WEB_PORT else known
