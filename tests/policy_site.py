"""A web server of the tests for MTA-STS policies: every domain's, each with its own manners (RFC 8461 3.3)."""

from __future__ import annotations

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PATH = "/.well-known/mta-sts.txt"


def policy(*servers: str, mode: str = "enforce", age_s: int = 86_400) -> str:
    """The text of a policy."""
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {name}" for name in servers), f"max_age: {age_s}"]
    return "".join(f"{line}\r\n" for line in lines)


class PolicySite:
    """Listens on a socket. file: certificate and key. policies: {domain: (text, content type, status)}.

    asked: the domains whose policy was asked for. silent: of these nothing is ever said. down: nobody gets in at all.
    """

    def __init__(self, link: socket.socket, file: Path) -> None:
        self.policies: dict[str, tuple[str, str, int]] = {}
        self.asked: list[str] = []
        self.silent: set[str] = set()
        self.down = False
        self.over = threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        site = self

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self) -> tuple[Any, Any]:
                taken, address = self.socket.accept()
                if site.down:
                    taken.close()
                    raise OSError("down")
                return context.wrap_socket(taken, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that does not trust us says so by leaving."""

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.web = Server(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.web.socket.close()
        self.web.socket, self.web.server_address = link, link.getsockname()
        self.thread = threading.Thread(target=self.web.serve_forever, args=(0.1,))
        self.thread.start()

    def has(self, domain: str, text: str, kind: str = "text/plain; charset=utf-8", status: int = 200) -> None:
        """From now on this is the domain's policy."""
        self.policies[domain] = text, kind, status

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One request."""
        domain = handler.headers["Host"].removeprefix("mta-sts.")
        self.asked.append(domain)
        if domain in self.silent:
            self.over.wait(60)
            return
        text, kind, status = self.policies.get(domain, ("none", "text/plain", 404))
        if handler.path != PATH:
            status = 404
        handler.send_response(status)
        if 300 <= status < 400:
            handler.send_header("Location", f"https://mta-sts.{domain}/elsewhere.txt")
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(text.encode())))
        handler.end_headers()
        handler.wfile.write(text.encode())

    def close(self) -> None:
        self.over.set()
        self.web.shutdown()
        self.web.server_close()
        self.thread.join(10)
