"""The filter process: a parent that holds the socket, and one worker a core that inherits it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvloop

from mailroom.core import paths
from mailroom.filtering import rules as rules_file
from mailroom.filtering.journal import Journal
from mailroom.filtering.rules import Rules
from mailroom.filtering.session import Session

LOG = logging.getLogger("mailroom.filter")
SCANS_AT_ONCE = 16
BACKLOG = 256


def listen(file: Path) -> socket.socket:
    """The unix socket that Postfix connects to; only our group may."""
    file.unlink(missing_ok=True)
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.bind(str(file))
    # Postfix's smtpd runs as its own user; the folder above lets in nobody else.
    file.chmod(0o666)
    link.listen(BACKLOG)
    link.setblocking(False)
    return link


class Worker:
    """One process that answers Postfix."""

    def __init__(self, link: socket.socket, rules: Rules, journal: Journal) -> None:
        self.link, self.rules, self.journal = link, rules, journal
        self.tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer until SIGTERM; then finish the messages under way."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self.read_rules)
        scanning = asyncio.Semaphore(SCANS_AT_ONCE)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await Session(lambda: self.rules, self.journal.write, scanning).run(reader, writer)

        server = await asyncio.start_unix_server(connected, sock=self.link, limit=1024 * 1024)
        async with server:
            await stop.wait()

    def read_rules(self) -> None:
        """Take the rules in force; keep the old ones when they cannot be read."""
        try:
            self.rules = rules_file.read()
        except (OSError, ValueError) as reason:
            LOG.error("keeping the former rules: %s", reason)


class Parent:
    """Keeps as many workers as there are cores."""

    def __init__(self, link: socket.socket, start: Callable[[], None], workers: int) -> None:
        self.link, self.start, self.wanted = link, start, workers
        self.workers: set[int] = set()
        self.ending = False

    def run(self) -> None:
        """Until SIGTERM: replace dead workers, pass signals on."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGHUP, self._pass_on)
        while not self.ending:
            while len(self.workers) < self.wanted:
                self._fork()
            with contextlib.suppress(ChildProcessError, InterruptedError):
                pid, _ = os.wait()
                self.workers.discard(pid)
                if not self.ending:
                    LOG.warning("a worker ended; starting another")
                    time.sleep(0.2)
        for pid in self.workers:
            with contextlib.suppress(ChildProcessError, ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
                os.waitpid(pid, 0)

    def _fork(self) -> None:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            try:
                self.start()
            finally:
                os._exit(0)
        self.workers.add(pid)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.ending = True
        # os.wait() is retried after a signal; this ends it.
        for pid in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        for pid in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)


def main(arguments: list[str]) -> None:
    """`python -m mailroom filter`."""
    link = listen(paths.FILTER_SOCKET)

    def work() -> None:
        uvloop.run(Worker(link, rules_file.read(), Journal()).run())

    Parent(link, work, os.cpu_count() or 1).run()
