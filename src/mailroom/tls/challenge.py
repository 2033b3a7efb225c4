"""Answers a certificate authority's question whether we are at a name (RFC 8555 8.3), for as long as one is open."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = "/.well-known/acme-challenge/"
QUESTION_LIMIT_S = 10.0


class Question(BaseHTTPRequestHandler):
    """One question; everything but an open challenge is 404."""

    server: Door
    timeout = QUESTION_LIMIT_S
    server_version, sys_version = "Mailroom", ""

    def do_GET(self) -> None:
        token = self.path.removeprefix(PATH)
        answer = self.server.answers.get(token) if self.path == PATH + token else None
        self.send_response(404 if answer is None else 200)
        content = (answer or "").encode()
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        return None


class Door(ThreadingHTTPServer):
    """One address on which is listened."""

    daemon_threads = True

    def __init__(self, address: str, port: int, answers: dict[str, str]) -> None:
        self.answers = answers
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), Question)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            # "::" means both kinds of addresses.
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class Listener:
    """Listens while it is used as a context. addresses: on which; none means on all. Raises OSError on entering."""

    def __init__(self, addresses: Iterable[str], port: int) -> None:
        self.addresses, self.port = tuple(addresses), port
        self.answers: dict[str, str] = {}
        self.doors: list[Door] = []

    def publish(self, answers: dict[str, str]) -> None:
        """Answer these, {token: text}, and no others."""
        self.answers.clear()
        self.answers.update(answers)

    def __enter__(self) -> Listener:
        try:
            for address in self.addresses or ("::" if socket.has_dualstack_ipv6() else "0.0.0.0",):
                self.doors.append(Door(address, self.port, self.answers))
                self.port = self.doors[0].server_address[1]
        except OSError:
            self._close()
            raise
        for door in self.doors:
            threading.Thread(target=door.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for door in self.doors:
            door.shutdown()
        self._close()

    def _close(self) -> None:
        for door in self.doors:
            door.server_close()
