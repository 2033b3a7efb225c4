"""Gets a domain's MTA-STS policy from its website, and nothing else from anywhere (RFC 8461 3.3).

One request over TLS with a certificate that is checked; no redirect is followed, no more is read than a policy may
have, and all of it together has one limit of time, however slowly the other side talks.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from mailroom.core.net import is_ours
from mailroom.core.problems import cause
from mailroom.core.sts_policy import BYTES_MAX, HOST, BadPolicy, Policy, parse

PORT = 443
LIMIT_S = 30.0
HEAD_BYTES_MAX = 16 * 1024
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
REQUEST = (
    "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mailroom\r\nAccept: text/plain\r\n"
    "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
)


class NoPolicy(Exception):
    """There is none to be had: nobody answers, the certificate is wrong, or what comes is no policy."""


async def addresses(host: str, port: int) -> list[str]:
    """Where a website is, as DNS says. The domain says so, and is not to say that it is we. Raises OSError."""
    known = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [address for address in dict.fromkeys(str(one[4][0]) for one in known) if not is_ours(address)]


@dataclass(frozen=True)
class Web:
    """Where websites are and who vouches for them; tests have another."""

    addresses: Callable[[str, int], Awaitable[list[str]]] = addresses
    certificates: str = CERTIFICATES
    port: int = PORT
    limit_s: float = LIMIT_S


async def fetch(domain: str, web: Web = Web()) -> Policy:
    """The policy of a domain. Raises NoPolicy, within web.limit_s."""
    host = f"{HOST}.{domain}"
    try:
        async with asyncio.timeout(web.limit_s):
            # Read anew each time: policies are fetched rarely, and authorities come and go.
            context = await asyncio.to_thread(ssl.create_default_context, cafile=web.certificates)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            whole = await _whole(host, web, context)
            # Not here: mail of others goes through this process meanwhile.
            return await asyncio.to_thread(lambda: parse(_text(whole)))
    except (OSError, EOFError, TimeoutError, UnicodeError, http.client.HTTPException, BadPolicy) as reason:
        raise NoPolicy(cause(reason)) from reason


async def _whole(host: str, web: Web, context: ssl.SSLContext) -> bytes:
    """All that the server says to our request. Raises OSError, NoPolicy."""
    reader, writer = await _connected(host, web, context)
    try:
        writer.write(REQUEST.format(host=host).encode("ascii"))
        told = bytearray()
        while piece := await reader.read(65_536):
            told += piece
            if len(told) > HEAD_BYTES_MAX + BYTES_MAX:
                raise NoPolicy("too long")
        return bytes(told)
    finally:
        # Not closed in good order: the other side might take its time for that, too.
        writer.transport.abort()


async def _connected(host: str, web: Web, context: ssl.SSLContext) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address that takes one. Raises OSError."""
    failed: OSError = OSError("no address that can be asked")
    for address in await web.addresses(host, web.port):
        try:
            return await asyncio.open_connection(address, web.port, ssl=context, server_hostname=host)
        except OSError as reason:
            failed = reason
    raise failed


class _Held:
    """What came, as http.client reads from a socket."""

    def __init__(self, told: bytes) -> None:
        self.file = io.BytesIO(told)

    def makefile(self, mode: str) -> io.BytesIO:
        return self.file


def _text(told: bytes) -> str:
    """The policy's text in an HTTP answer. Raises HTTPException, NoPolicy, UnicodeError."""
    held: Any = _Held(told)
    with contextlib.closing(http.client.HTTPResponse(held, method="GET")) as answer:
        answer.begin()
        # A redirect, too, is no policy (RFC 8461 3.3).
        if answer.status != http.client.OK:
            raise NoPolicy(f"HTTP {answer.status}")
        kind = answer.headers.get_content_type()
        if kind != "text/plain" or not answer.headers.get("Content-Type"):
            raise NoPolicy(f"the content is {kind}")
        body = answer.read(BYTES_MAX + 1)
        if len(body) > BYTES_MAX:
            raise NoPolicy("too long")
        if answer.length:
            raise NoPolicy("cut off")
        return body.decode("utf-8")
