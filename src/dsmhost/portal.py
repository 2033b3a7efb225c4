"""The reverse proxy behind web portals: /mail leads to the package's own server, by nginx's rules."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dsmhost.http import Request, Response

CHUNK = 64 * 1024
DOWN = Response(b"The service does not answer.", "text/plain", "502 Bad Gateway")
# What nginx never passes on by itself.
HOP = {"connection", "keep-alive", "upgrade", "te", "trailer", "proxy-connection"}


@dataclass
class Portal:
    """Where an alias leads: an address of nginx's proxy_pass, and the headers that are set on the way."""

    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)


def of_service(service: dict[str, str | list[dict[str, str]]]) -> Portal:
    """A reverse-proxied service of the webservice worker."""
    target, headers = service["proxy_target"], service.get("proxy_headers", [])
    assert isinstance(target, str) and isinstance(headers, list)
    return Portal(target, [(one["name"], one["value"]) for one in headers])


async def proxy(
    root: Path, request: Request, alias: str, portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Response | None:
    """Carry one request under /alias to its service and stream the answer back."""
    try:
        inner_reader, inner_writer = await _connect(root, portal.target)
    except OSError:
        return DOWN
    inner_writer.write(head(request, alias, portal))
    feeding = asyncio.create_task(_carry(reader, inner_writer))
    with contextlib.suppress(OSError):
        while chunk := await inner_reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    feeding.cancel()
    inner_writer.close()
    return None


async def _connect(root: Path, target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if target.startswith("unix:"):
        return await asyncio.open_unix_connection(os.path.relpath(root / target.removeprefix("unix:").lstrip("/")))
    place = urlsplit(target)
    return await asyncio.open_connection(place.hostname, place.port or 80)


def head(request: Request, alias: str, portal: Portal) -> bytes:
    """The request's head as the service gets it.

    What a browser sent passes, forged forwarding headers too, unless the portal sets the same header; X-Forwarded-For
    and X-Real-IP are always set, the first by appending.
    """
    target = request.target
    place = urlsplit(portal.target)
    if place.path and place.netloc:
        # As proxy_pass with a path: it takes the place of the alias.
        target = place.path + target.removeprefix(f"/{alias}")
    forwarded = ", ".join(filter(None, (request.headers.get("x-forwarded-for", ""), request.address)))
    words = {
        "$scheme": "http",
        "$http_host": request.headers.get("host", ""),
        "$host": request.headers.get("host", "").partition(":")[0],
        "$remote_addr": request.address,
        "$proxy_add_x_forwarded_for": forwarded,
        "$http_upgrade": request.headers.get("upgrade", ""),
    }
    headers = {name: value for name, value in request.headers.items() if name not in HOP}
    headers |= {"host": place.netloc or "localhost", "x-forwarded-for": forwarded, "x-real-ip": request.address}
    headers |= {name.lower(): words.get(value, value) for name, value in portal.headers}
    # One request a connection, whatever was set.
    headers["connection"] = "close"
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        # The browser has gone: so does our connection, and with it an event stream.
        writer.close()
