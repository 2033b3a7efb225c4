"""A mirror of virus definitions in the outside world, which serves databases that ClamAV has signed, or misbehaves."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from office import Office

SAMPLES = Path(__file__).parent / "samples" / "clamav"
WAIT_S = 7_200
HELD_MAX_S = 60
ACCOUNT = f"Basic {b64encode(b'anna:geheim').decode()}"


class Mirror:
    """daily: the version it serves. mood: good, damaged (one bit), cut, busy (429) or held (stops in the middle)."""

    def __init__(self, server: Office) -> None:
        self.daily, self.mood, self.asked = 4, "good", [""]
        self.tunnelled = 0
        self.let_go = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.answer(self)

            def do_CONNECT(self) -> None:
                mirror.tunnel(self)

            def log_message(self, *_: object) -> None:
                return None

        link = server.socket(source=server.address(9))
        self.web = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.web.socket.close()
        self.web.socket, self.web.server_address = link, link.getsockname()
        link.listen()
        self.address = f"http://{server.address(9)}:{link.getsockname()[1]}"

    def tunnel(self, call: BaseHTTPRequestHandler) -> None:
        """As a proxy, for whoever has the account: what is asked through the tunnel is answered by us as well."""
        known = call.headers.get("Proxy-Authorization", "") == ACCOUNT
        call.send_response(200 if known else 407)
        if not known:
            call.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
            call.send_header("Content-Length", "0")
        call.end_headers()
        self.tunnelled += known
        call.close_connection = not known

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        name = call.path.rpartition("/")[2]
        self.asked.append(call.path)
        if self.mood == "busy":
            call.send_response(429)
            call.send_header("Retry-After", str(WAIT_S))
            call.send_header("Content-Length", "0")
            call.end_headers()
            return
        served = {"main.cvd": 3, "daily.cvd": self.daily, "bytecode.cvd": 3}.get(name)
        if served is None:
            call.send_error(404)
            return
        content = (SAMPLES / f"test-{served}.cvd").read_bytes()
        # The head alone is asked for first (a range), and tells the version.
        whole, half = "Range" not in call.headers, len(content) // 2
        if self.mood == "damaged" and whole:
            content = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
        call.send_response(200)
        call.send_header("Content-Length", str(len(content)))
        call.end_headers()
        call.wfile.write(content[:half])
        if self.mood == "held" and whole:
            call.wfile.flush()
            self.let_go.wait(HELD_MAX_S)
        if not (self.mood == "cut" and whole):
            call.wfile.write(content[half:])


@contextmanager
def definitions_mirror(server: Office) -> Iterator[Mirror]:
    """It answers until the end."""
    mirror = Mirror(server)
    thread = threading.Thread(target=mirror.web.serve_forever, daemon=True)
    thread.start()
    try:
        yield mirror
    finally:
        mirror.let_go.set()
        mirror.web.shutdown()
        mirror.web.server_close()
