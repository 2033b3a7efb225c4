"""As much of HTTP/1.1 as the desktop needs: one request a connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, unquote

HEAD_MAX, BODY_MAX = 64 * 1024, 64 * 1024 * 1024


@dataclass
class Request:
    """What a browser asked."""

    method: str
    target: str
    headers: dict[str, str]
    # The browser's address, and the machine's own that it came to.
    address: str
    server: str

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def length(self) -> int:
        return min(int(self.headers.get("content-length", "0")), BODY_MAX)

    async def body(self, reader: asyncio.StreamReader) -> bytes:
        return await reader.readexactly(self.length)

    def fields(self, body: bytes = b"") -> dict[str, str]:
        """Query and form fields together."""
        text = "&".join(filter(None, (self.query, body.decode("utf-8", "replace"))))
        return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}

    def cookie(self, name: str) -> str:
        return cookie_in(self.headers.get("cookie", ""), name)


def cookie_in(header: str, name: str) -> str:
    """One cookie's value out of a Cookie header."""
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


@dataclass
class Response:
    """What the browser gets."""

    content: bytes
    kind: str = "text/html; charset=utf-8"
    status: str = "200 OK"
    headers: list[tuple[str, str]] = field(default_factory=list)

    def as_bytes(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status}", f"Content-Type: {self.kind}", f"Content-Length: {len(self.content)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join([*lines, "Connection: close", "", ""])).encode() + self.content


async def read_request(reader: asyncio.StreamReader, address: str, server: str) -> Request:
    """The head of a request. Raises ValueError when it is none."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise ValueError("the head is too long") from None
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in rest:
        name, colon, value = line.partition(":")
        # As nginx: a name with an underscore is dropped, it could pass for another in a CGI program's surroundings.
        if colon and "_" not in name:
            headers[name.strip().lower()] = value.strip()
    if "transfer-encoding" in headers:
        raise ValueError("a body must have a length")
    if not headers.get("content-length", "0").isdigit():
        raise ValueError("the length of the body is no number")
    return Request(method, target, headers, address, server)
