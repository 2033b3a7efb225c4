"""The web process: the window's API and the mail portal."""

from __future__ import annotations

import os

from mailroom.core import paths
from mailroom.daemons.shape import Facts, PlainDaemon, Service

USER = "mailroom-web"
MEMORY_MB = 1024


class Serve(PlainDaemon):
    id = "serve"
    title = "Window and portal"
    program = "Mailroom"

    def service(self, facts: Facts | None) -> Service:
        return Service(
            argv=("/usr/bin/python3.11", "-s", "-m", "mailroom", "serve"),
            user=USER,
            memory_mb=MEMORY_MB,
            ready=("http", f"127.0.0.1:{paths.PORTAL_PORT}"),
            # As whom the relay runs on the host: it may speak on the window's socket (web/hub.py).
            environment={"MAILROOM_PACKAGE_UID": os.environ.get("MAILROOM_PACKAGE_UID", "")},
            needs_settings=False,
        )


DAEMON = Serve()
