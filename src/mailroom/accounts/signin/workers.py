"""Worker processes for calls into the host that may block. One that does not answer in time is killed and replaced."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

WORKERS_MAX = 4
IDLE_KEPT = 1
IDLE_ENDED_AFTER_S = 3.0
TASKS_EACH = 500
WAITING_MAX = 64
LINE_BYTES_MAX = 4 * 1024 * 1024

Task = Callable[..., Any]


class NoAnswer(Exception):
    """The host did not answer in time, or too many are waiting already."""


class Worker:
    """One forked process that does named tasks, one after the other."""

    def __init__(self, tasks: dict[str, Task]) -> None:
        ours, theirs = socket.socketpair()
        self.link = ours
        self.done = 0
        self.used_at = 0.0
        # Forked, not started anew: on the host there is no interpreter to start, and what is loaded is shared.
        self.pid = os.fork()
        if self.pid == 0:
            _be_worker(theirs, tasks)
        theirs.close()
        self.link.setblocking(False)

    async def do(self, task: str, arguments: Iterable[Any]) -> Any:
        """The task's result. Raises NoAnswer when the worker has died."""
        loop = asyncio.get_running_loop()
        self.done += 1
        try:
            await loop.sock_sendall(self.link, json.dumps([task, *arguments]).encode() + b"\n")
            heard = b""
            while not heard.endswith(b"\n"):
                more = await loop.sock_recv(self.link, 65_536)
                if not more:
                    raise NoAnswer("A worker has died.")
                heard += more
        except OSError as reason:
            raise NoAnswer(str(reason)) from None
        told = json.loads(heard)
        if "failed" in told:
            raise NoAnswer(told["failed"])
        return told["result"]

    def end(self) -> None:
        """Kill it. SIGCHLD is ignored by the service, so nothing is left behind, and nothing here can block."""
        self.link.close()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class Workers:
    """At most WORKERS_MAX workers, made when needed."""

    def __init__(self, tasks: dict[str, Task]) -> None:
        self.tasks = tasks
        self.idle: list[Worker] = []
        self.waiting = 0
        self.turns = asyncio.Semaphore(WORKERS_MAX)

    async def do(self, task: str, *arguments: Any, limit_s: float) -> Any:
        """Let a worker do a task within `limit_s` seconds, waiting for a free one included. Raises NoAnswer."""
        if self.waiting >= WAITING_MAX:
            raise NoAnswer("Too many sign-ins at once.")
        self.waiting += 1
        try:
            async with asyncio.timeout(limit_s), self.turns:
                return await self._do(task, arguments)
        except TimeoutError:
            raise NoAnswer(f"No answer within {limit_s:g} s.") from None
        finally:
            self.waiting -= 1

    async def _do(self, task: str, arguments: Iterable[Any]) -> Any:
        worker = self.idle.pop() if self.idle else Worker(self.tasks)
        fit = False
        try:
            result = await worker.do(task, arguments)
            fit = True
            return result
        finally:
            # Whatever went wrong, a cancelled wait included: its next answer might belong to this question.
            if fit and worker.done < TASKS_EACH and len(self.idle) < IDLE_KEPT:
                worker.used_at = time.monotonic()
                self.idle.append(worker)
            else:
                worker.end()

    def rest(self) -> None:
        """End who had nothing to do for a while: a worker costs as much memory as the service, and is made in 3 ms."""
        if self.idle and time.monotonic() - self.idle[0].used_at > IDLE_ENDED_AFTER_S:
            self.end()

    def end(self) -> None:
        """Kill the idle ones."""
        while self.idle:
            self.idle.pop().end()


def _be_worker(link: socket.socket, tasks: dict[str, Task]) -> None:
    """The child's whole life. Never returns."""
    try:
        _let_go(link.fileno())
        with link.makefile("rb") as questions:
            for line in questions:
                link.sendall(json.dumps(_answer(tasks, line)).encode() + b"\n")
    finally:
        os._exit(0)


def _let_go(kept: int) -> None:
    """Drop what the service has open and how it takes signals: a worker must not hold a client's connection."""
    # A worker that hangs in the host's PAM must not outlive a service that was killed (prctl(2), PR_SET_PDEATHSIG).
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.closerange(3, kept)
    os.closerange(kept + 1, 1024)


def _answer(tasks: dict[str, Task], line: bytes) -> dict[str, Any]:
    try:
        task, *arguments = json.loads(line)
        return {"result": tasks[task](*arguments)}
    except Exception as reason:
        # The type alone: the text of an error could hold what was asked.
        return {"failed": type(reason).__name__ if not reason.args else _words(reason)}


def _words(reason: Exception) -> str:
    from mailroom.accounts.sources.local import SourceUnreadable

    return str(reason) if isinstance(reason, SourceUnreadable) else type(reason).__name__
