"""The verb `serve`: the hub in the main thread, the inner server beside it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from pathlib import Path

from mailroom.core import paths
from mailroom.web import app, changes, guards, hub, memory
from mailroom.web.streams import Streams

LOG = logging.getLogger("mailroom.web")
SWEEP_EVERY_S = 30.0
# Small stacks: the threads of the pool are shallow, and there are ten of them.
STACK_BYTES = 512 * 1024


def prepare_folders() -> None:
    """The folders that are this process's own. Inside the bundle the boot has made them, with their owners."""
    for folder, mode in (
        (paths.SERVE_SOCKET.parent, 0o700),
        (paths.RELAY_SOCKET.parent, 0o711),
        (paths.UPLOADS, 0o700),
    ):
        _own(folder, mode)


def _own(folder: Path, mode: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)


async def run() -> None:
    """Serve until SIGTERM or SIGINT."""
    from mailroom.web.portal import uploads, watch
    from mailroom.web.portal.imap import pool

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    inner = app.server(paths.SERVE_SOCKET, app.application())
    inner.prepare()
    thread = threading.Thread(target=inner.serve, name="inner", daemon=True)
    thread.start()
    streams = Streams({"changes": changes.changes, "log": changes.log_lines, "mail": watch.mail}, guards.still_allowed)
    servers = await hub.listen(hub.Hub(paths.SERVE_SOCKET, streams))
    LOG.info("serving on 127.0.0.1:%s and %s", paths.PORTAL_PORT, paths.RELAY_SOCKET)
    while not stop.is_set():
        try:
            async with asyncio.timeout(SWEEP_EVERY_S):
                await stop.wait()
        except TimeoutError:
            await asyncio.to_thread(pool.POOL.sweep)
            await asyncio.to_thread(uploads.sweep)
            if memory.is_nearly_full():
                LOG.warning("ending, to be started afresh: the memory is nearly used up")
                stop.set()
    for server in servers:
        server.close()
    await asyncio.to_thread(inner.stop)
    paths.RELAY_SOCKET.unlink(missing_ok=True)


def main(arguments: list[str]) -> None:
    """The verb `serve`."""
    os.umask(0o077)
    threading.stack_size(STACK_BYTES)
    prepare_folders()
    asyncio.run(run())
