"""The web process ends before it stays near its limit of memory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailroom.web import memory

LIMIT = 1000 * 1024
HANG_GUARD_S = 60.0


@pytest.mark.parametrize(("used_kb", "full"), [(10, False), (750, False), (751, True), (2000, True)])
def test_three_quarters_of_the_limit_are_nearly_all(tmp_path: Path, used_kb: int, full: bool) -> None:
    status = tmp_path / "status"
    status.write_text(f"Name:\tpython\nVmPeak:\t  9999 kB\nVmData:\t {used_kb} kB\n")
    assert memory.is_nearly_full(status, LIMIT) is full


def test_without_a_limit_it_never_is() -> None:
    assert memory.is_nearly_full(limit_bytes=-1) is False


# The web process with one path that takes all the memory there is, slowly or at once.
GREEDY = """
import asyncio, os, resource, sys, threading
from mailroom.core import paths
from mailroom.web import app, server
from mailroom.web.hub import Hub
from mailroom.web.streams import Streams
real = app.respond
def respond(asking):
    if "slowly" in asking.path:
        kept = []
        while True:
            kept.append(bytes(100_000))
    if "at-once" in asking.path:
        bytearray(2**31)
    return real(asking)
app.respond = respond
threading.stack_size(server.STACK_BYTES)
server.prepare_folders()
async def main():
    inner = app.server(paths.SERVE_SOCKET, app.application())
    inner.prepare()
    threading.Thread(target=inner.serve, daemon=True).start()
    await asyncio.start_unix_server(Hub(paths.SERVE_SOCKET, Streams({})).window, sys.argv[1])
    limit = 200 * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    print("ready", flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
"""
SOURCE = Path(memory.__file__).parents[2]


def ask(window: Path, path: str) -> bytes:
    """The first line of what is answered, b"" when the connection ends without any."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(HANG_GUARD_S)
        link.connect(str(window))
        try:
            link.sendall(f"GET /{path} HTTP/1.1\r\nHost: nas\r\nConnection: close\r\n\r\n".encode())
            return link.makefile("rb").readline()
        except ConnectionError:
            return b""


def test_at_the_limit_requests_fail_and_the_next_one_is_answered_by_the_same_process(tmp_path: Path) -> None:
    window = tmp_path / "window"
    known = {"MAILROOM_DATA": str(tmp_path), "MAILROOM_RUN": str(tmp_path), "PYTHONPATH": str(SOURCE)}
    argv = (sys.executable, "-B", "-c", GREEDY, str(window))
    with subprocess.Popen(argv, env={**os.environ, **known}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as web:
        try:
            assert web.stdout is not None and web.stdout.readline() == b"ready\n"
            with ThreadPoolExecutor(6) as pool:
                answers = [*pool.map(lambda path: ask(window, path), ("at-once", "slowly", "x") * 4)]
            failed = [answer for answer in answers if not answer or b" 50" in answer]
            assert len(failed) >= 8, answers
            assert b" 404 " in ask(window, "x") and web.poll() is None
        finally:
            web.kill()
