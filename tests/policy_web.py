"""A web server with TLS on this machine that says what a test wants, for policies that are fetched (RFC 8461 3.3)."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from authority import Authority

HOST = "mta-sts.example.com"
AUTHORITY = Authority()
Says = Callable[[ssl.SSLSocket], None]


def answering(text: bytes, status: str = "200 OK", more: str = "") -> Says:
    def says(link: ssl.SSLSocket) -> None:
        link.recv(65536)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\n{more}Connection: close\r\n\r\n"
        link.sendall(head.encode() + text)

    return says


@contextlib.contextmanager
def web(folder: Path, says: Says, name: str = HOST) -> Iterator[int]:
    """A web server's port: each who comes is shown a certificate for `name`, then hears what `says` has to say."""
    made = AUTHORITY.give(name)
    file = folder / "web.pem"
    file.write_bytes(made.pem + AUTHORITY.middle.pem + made.key_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    door = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = door.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as link:
                says(link)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield door.getsockname()[1]
    finally:
        door.shutdown(socket.SHUT_RDWR)
        door.close()
        thread.join(5)
