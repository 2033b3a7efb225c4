"""A MTA-STS policy, fetched as sending servers do: by HTTPS, with a certificate that counts (RFC 8461 3.3)."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator

from mailroom.core.sts_policy import BYTES_MAX, PATH

PORT = 443


class NotTrusted(OSError):
    """Its certificate is none that others accept for this name."""


def fetch(address: str, host: str, limit_s: float, roots: str | None = None, port: int = PORT) -> tuple[int, str]:
    """(HTTP status, text) of the policy of `host`, asked at this address. Takes limit_s at most.

    roots: certificates of authorities (PEM) instead of those that the system trusts. Raises NotTrusted, OSError.
    """
    context = ssl.create_default_context(cadata=roots)
    until = time.monotonic() + limit_s
    with socket.create_connection((address, port), timeout=limit_s) as plain, _ended(plain, until):
        try:
            link = context.wrap_socket(plain, server_hostname=host)
        except ssl.SSLCertVerificationError as reason:
            raise NotTrusted(reason.verify_message) from reason
        with link:
            return _got(link, host)


def _got(link: ssl.SSLSocket, host: str) -> tuple[int, str]:
    asked = http.client.HTTPConnection(host)
    asked.sock = link
    try:
        # No redirection is followed, and no copy on the way counts (RFC 8461 3.3).
        asked.request("GET", PATH, headers={"User-Agent": "Mailroom", "Cache-Control": "no-cache"})
        answer = asked.getresponse()
        return answer.status, answer.read(BYTES_MAX).decode("utf-8", "replace")
    except http.client.HTTPException as reason:
        raise OSError(f"no HTTP: {type(reason).__name__}") from reason


@contextlib.contextmanager
def _ended(link: socket.socket, until: float) -> Iterator[None]:
    """After this moment nothing more comes: who sends one byte a second would keep us for hours."""
    own = link.dup()

    def end() -> None:
        with contextlib.suppress(OSError):
            own.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(until - time.monotonic(), 0.0), end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        own.close()
