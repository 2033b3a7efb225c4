"""The job process: settings, accounts and the daemons' states, asked over one unix socket."""

from __future__ import annotations

import contextlib
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
from mailroom.core.problems import Invalid, Problem
from mailroom.core.surrogates import SENTENCE, place_of_half
from mailroom.flows.jobs import Operation, call
from mailroom.store.database import close_here

LOG = logging.getLogger("mailroom.job")
RETRY_S = 5.0
QUESTION_LIMIT_S = 30.0


class Conversation(socketserver.StreamRequestHandler):
    """One question, one answer."""

    server: JobServer
    timeout = QUESTION_LIMIT_S

    def handle(self) -> None:
        peer = self._peer()
        if peer not in self.server.allowed_users:
            return
        with contextlib.suppress(OSError):
            # An asker that says nothing, or does not stay for the answer, is no concern of ours.
            line = self.rfile.readline(LINE_BYTES_MAX)
            if line.endswith(b"\n"):
                self.wfile.write(json.dumps(self._answer(line, peer)).encode() + b"\n")

    def finish(self) -> None:
        # Each question has a thread of its own, and each thread its own connections.
        close_here()
        super().finish()

    def _peer(self) -> int:
        """Whose process asks, as the kernel says (SO_PEERCRED, unix(7)). Only root and the web process may."""
        peer = self.request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", peer)[1])

    def _answer(self, line: bytes, peer: int) -> dict[str, Any]:
        try:
            request = _request(line)
            # Whatever the question itself says of it.
            known = {**request, "by_root": peer == 0} if isinstance(request, dict) else request
            return {"result": call(self.server.operations, known)}
        except Problem as problem:
            return {"error": problem.as_dict(), "status": problem.status}
        except Exception:
            LOG.exception("an operation failed")
            return {"error": {"code": "internal", "message": "Something failed inside; the log has it."}, "status": 500}


def _request(line: bytes) -> Any:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise Invalid("A request is one JSON object.", field="op") from None
    if (place := place_of_half(found)) is not None:
        name = ".".join(map(str, place))
        raise Invalid(SENTENCE, field=name, fields={name: SENTENCE})
    return found


class JobServer(socketserver.ThreadingUnixStreamServer):
    """The socket on which operations are asked."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, socket_file: Path, operations: dict[str, Operation]) -> None:
        socket_file.unlink(missing_ok=True)
        self.operations = operations
        web = _web_user()
        self.allowed_users = {0, os.geteuid(), *([web.pw_uid] if web else [])}
        former = os.umask(0o117)
        try:
            super().__init__(str(socket_file), Conversation)
        finally:
            os.umask(former)
        if web and os.geteuid() == 0:
            # By its name, as a socket can only be; in its folder nobody but root can put something else there.
            os.chown(socket_file, 0, web.pw_gid, follow_symlinks=False)


def _web_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam("mailroom-web")
    except KeyError:
        return None


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

    def end(*_: Any) -> None:
        stop.set()
        # Not from this thread: shutdown() waits for serve_forever(), which runs here.
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    for name, work in watches.items():
        keep(name, work, stop)
    server.serve_forever()
