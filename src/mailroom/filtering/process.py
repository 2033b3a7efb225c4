"""The filter process: a parent that holds the sockets, and one worker a core that inherits them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from mailroom.core import paths
from mailroom.filtering import early_refusals, policy, return_addresses, socketmap, tls_policies
from mailroom.filtering import rules as rules_file
from mailroom.filtering.account_facts import AccountFacts
from mailroom.filtering.guessing import Guessing
from mailroom.filtering.journal import Journal
from mailroom.filtering.quota import Quota
from mailroom.filtering.rules import Rules
from mailroom.filtering.session import Session
from mailroom.filtering.srs import Srs
from mailroom.filtering.tls_policies import Policies
from mailroom.filtering.watch import watch
from mailroom.store.guesses import GuessStore
from mailroom.store.usage import UsageStore

LOG = logging.getLogger("mailroom.filter")
SCANS_AT_ONCE = 32
BACKLOG = 256
# Below the time after which the supervisor kills us.
FINISH_LIMIT_S = 8.0
RESTART_PAUSE_S = 0.2
WATCHED = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


def listen(file: Path) -> socket.socket:
    """The unix socket that Postfix connects to."""
    file.unlink(missing_ok=True)
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.bind(str(file))
    # Postfix's smtpd runs as its own user; the folder above lets in nobody else.
    file.chmod(0o666)
    link.listen(BACKLOG)
    link.setblocking(False)
    return link


@dataclass(frozen=True)
class Links:
    """Where it speaks as a milter, as a policy service, and as two tables."""

    milter: socket.socket
    policy: socket.socket
    srs: socket.socket
    tls_policy: socket.socket


class Worker:
    """One process that answers Postfix. parent: a pipe which ends when the parent does."""

    def __init__(self, links: Links, parent: int, rules: Rules, journal: Journal, srs: Srs, policies: Policies) -> None:
        self.links, self.parent = links, parent
        self.rules, self.journal, self.srs, self.policies = rules, journal, srs, policies

    async def run(self) -> None:
        """Answer until SIGTERM or the parent's end; then finish the messages under way."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self.read_rules)
        loop.add_reader(self.parent, stop.set)
        scanning, guessing = asyncio.Semaphore(SCANS_AT_ONCE), Guessing(GuessStore())
        quota, accounts = Quota(UsageStore()), AccountFacts()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            made = Session(lambda: self.rules, self.journal.write, scanning, guessing, quota, accounts, self.is_return)
            await made.run(reader, writer)

        async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await policy.serve(reader, writer, lambda: self.rules, self.record_refusal)

        async def looked_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await socketmap.serve(reader, writer, self.return_address)

        async def demanded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await socketmap.serve(reader, writer, self.tls_policy)

        servers = (
            await asyncio.start_unix_server(connected, sock=self.links.milter, limit=1024 * 1024),
            await asyncio.start_unix_server(asked, sock=self.links.policy, limit=policy.REQUEST_BYTES_MAX),
            await asyncio.start_unix_server(looked_up, sock=self.links.srs),
            await asyncio.start_unix_server(demanded, sock=self.links.tls_policy),
        )
        watching = asyncio.create_task(watch(lambda: self.rules))
        await stop.wait()
        watching.cancel()
        for server in servers:
            server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_LIMIT_S):
                for _ in range(SCANS_AT_ONCE):
                    await scanning.acquire()

    def is_return(self, address: str) -> bool:
        """Whether this sender is a return address of ours, which others may bring back."""
        return return_addresses.is_ours(address, self.srs, self.rules)

    def record_refusal(self, asked: dict[str, str]) -> None:
        early_refusals.record(asked, self.journal.store)

    async def return_address(self, table: str, address: str) -> str:
        return await return_addresses.looked_up(table, address, self.srs, self.rules)

    async def tls_policy(self, table: str, key: str) -> str:
        return await tls_policies.answer(table, key, self.policies)

    def read_rules(self) -> None:
        """Take the rules in force; keep the old ones when they cannot be read."""
        try:
            self.rules = rules_file.read()
        except (OSError, ValueError) as reason:
            LOG.error("keeping the former rules: %s", reason)


class Parent:
    """Keeps as many workers as there are cores. start(pipe) is a worker's life."""

    def __init__(self, start: Callable[[int], None], workers: int) -> None:
        self.start, self.wanted = start, workers
        self.workers: set[int] = set()
        self.worker_end, self.own_end = os.pipe()

    def run(self) -> None:
        """Until SIGTERM: replace dead workers, pass SIGHUP on."""
        # Blocked and waited for, so that none comes at a moment when nobody looks.
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        number = signal.SIGHUP
        while number != signal.SIGTERM:
            while len(self.workers) < self.wanted:
                self._fork()
            number = signal.Signals(signal.sigwait(WATCHED))
            if number == signal.SIGHUP:
                self._tell(signal.SIGHUP)
            elif self._reap():
                LOG.warning("a worker ended; starting another")
                time.sleep(RESTART_PAUSE_S)
        self._tell(signal.SIGTERM)
        for pid in self.workers:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def _fork(self) -> None:
        pid = os.fork()
        if pid:
            self.workers.add(pid)
            return
        try:
            os.close(self.own_end)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
            self.start(self.worker_end)
        except BaseException:
            LOG.exception("a worker failed")
        finally:
            os._exit(0)

    def _reap(self) -> set[int]:
        """Forget the workers that have ended; which they were."""
        ended = set()
        for pid in self.workers:
            with contextlib.suppress(ChildProcessError):
                ended |= {os.waitpid(pid, os.WNOHANG)[0]} - {0}
        self.workers -= ended
        return ended

    def _tell(self, number: signal.Signals) -> None:
        for pid in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def main(arguments: list[str], policies: Callable[[], Policies]) -> None:
    """`python -m mailroom filter`. policies: makes for a worker what knows the security that domains announce."""
    rules_file.read()
    sockets = (paths.FILTER_SOCKET, paths.POLICY_SOCKET, paths.SRS_SOCKET, paths.TLS_POLICY_SOCKET)
    links = Links(*map(listen, sockets))
    srs = Srs(paths.SRS_KEY.read_bytes(), time.time)

    def work(parent: int) -> None:
        uvloop.run(Worker(links, parent, rules_file.read(), Journal(), srs, policies()).run())

    # What is loaded so far stays shared with the workers: their collector would write into each object.
    gc.freeze()
    Parent(work, os.cpu_count() or 1).run()
