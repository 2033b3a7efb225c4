"""The job process: settings, accounts and the daemons' states, asked over one unix socket."""

from __future__ import annotations

import json
import logging
import os
import pwd
import signal
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.core.line_socket import LINE_BYTES_MAX
from mailroom.core.problems import Problem
from mailroom.flows.jobs import Operation, call

LOG = logging.getLogger("mailroom.job")
RETRY_S = 5.0


class Conversation(socketserver.StreamRequestHandler):
    """One question, one answer."""

    server: JobServer

    def handle(self) -> None:
        if not self._is_ours():
            return
        line = self.rfile.readline(LINE_BYTES_MAX)
        if line.endswith(b"\n"):
            self.wfile.write(json.dumps(self._answer(line)).encode() + b"\n")

    def _is_ours(self) -> bool:
        """Only root and our own user may ask (SO_PEERCRED, unix(7))."""
        peer = self.request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return struct.unpack("3i", peer)[1] in self.server.allowed_users

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return {"result": call(self.server.operations, json.loads(line))}
        except Problem as problem:
            return {"error": problem.as_dict(), "status": problem.status}
        except Exception:
            LOG.exception("an operation failed")
            return {"error": {"code": "internal", "message": "Something failed inside; the log has it."}, "status": 500}


class JobServer(socketserver.ThreadingUnixStreamServer):
    """The socket on which operations are asked."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, socket_file: Path, operations: dict[str, Operation]) -> None:
        socket_file.unlink(missing_ok=True)
        self.operations = operations
        self.allowed_users = {0, os.geteuid(), *_our_user()}
        super().__init__(str(socket_file), Conversation)
        socket_file.chmod(0o660)
        if os.geteuid() == 0 and _our_user():
            os.chown(socket_file, 0, _our_user()[0])


def _our_user() -> list[int]:
    try:
        return [pwd.getpwnam("mailroom").pw_uid]
    except KeyError:
        return []


def keep(name: str, work: Callable[[threading.Event], None], stop: threading.Event) -> threading.Thread:
    """Run `work(stop)` in a thread that survives its errors: logged, and tried again after a pause."""

    def loop() -> None:
        while not stop.is_set():
            try:
                work(stop)
            except Exception:
                LOG.exception("%s failed; trying again", name)
                stop.wait(RETRY_S)

    thread = threading.Thread(target=loop, name=name, daemon=True)
    thread.start()
    return thread


def serve(operations: dict[str, Operation], watches: dict[str, Callable[[threading.Event], None]]) -> None:
    """Answer until a signal ends us; `watches` run beside."""
    stop = threading.Event()
    server = JobServer(paths.JOB_SOCKET, {"ping": lambda: "pong", **operations})
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: (stop.set(), threading.Thread(target=server.shutdown).start()))
    for name, work in watches.items():
        keep(name, work, stop)
    server.serve_forever()
