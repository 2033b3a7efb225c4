"""The front end as it was built, without a server of ours: with the made-up API, or the page of the kit alone."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from devtools import frontend
from mailroom.web.files import POLICY
from office import free_port


@contextmanager
def made_up() -> Iterator[str]:
    """The address of a server for what was built: w/ is the window, m/ the portal. The policy is the real one."""
    frontend.checks()
    port = free_port()
    vite = frontend.UI / "node_modules/vite/bin/vite.js"
    settings = {
        "MAILROOM_UI_OUT": str(frontend.built() / "dist"), "MAILROOM_UI_PORT": str(port), "MAILROOM_UI_POLICY": POLICY,
    }  # fmt: skip
    argv = (frontend.node(), vite, "preview", "--configLoader", "runner", "--config", "dev/vite.config.ts")
    server = subprocess.Popen(argv, cwd=frontend.UI, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if str(port) in line:
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


class Silent(SimpleHTTPRequestHandler):
    """Files of a folder, without a line for each on the terminal."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def kit() -> Iterator[str]:
    """The address of the kit's page."""
    folder = frontend.gallery() / "dist"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/gallery.html"
        server.shutdown()
