"""The reverse proxy behind a webservice portal: /mail leads to the package's own server."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

from dsmhost.http import Request, Response

CHUNK = 64 * 1024
DOWN = Response(b"The service does not answer.", "text/plain", "502 Bad Gateway")


async def proxy(
    request: Request, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Response | None:
    """Carry one request to `target` and stream the answer back."""
    place = urlsplit(target)
    try:
        inner_reader, inner_writer = await asyncio.open_connection(place.hostname, place.port)
    except OSError:
        return DOWN
    headers = {
        **request.headers,
        "x-forwarded-for": request.address,
        "x-real-ip": request.address,
        "x-forwarded-proto": "http",
        "x-forwarded-host": request.headers.get("host", ""),
        "connection": "close",
    }
    head = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    inner_writer.write(("\r\n".join([*head, "", ""])).encode("latin-1"))
    feeding = asyncio.create_task(_carry(reader, inner_writer))
    with contextlib.suppress(OSError):
        while chunk := await inner_reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    feeding.cancel()
    inner_writer.close()
    return None


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        # The browser has gone: so does our connection, and with it an event stream.
        writer.close()
