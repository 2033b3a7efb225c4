"""The sign-in service's process: JSON lines over a unix socket (verb `signin`).

python -m mailroom signin --socket FILE --data FOLDER --group-id N
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mailroom.accounts.names import key_of
from mailroom.accounts.signin import directory, mark_key, passwords
from mailroom.accounts.signin.check import SERVICES, Attempt, SignIn
from mailroom.accounts.signin.directory import Directory
from mailroom.accounts.signin.failures import KINDS, Failures
from mailroom.accounts.signin.known import AccountTable, TableUnreadable
from mailroom.accounts.signin.pace import Pace
from mailroom.accounts.signin.passwords import OK, TEMP, Ways
from mailroom.accounts.signin.sessions import Sessions
from mailroom.accounts.signin.workers import NoAnswer, Workers
from mailroom.accounts.sources.local import SourceUnreadable

LOG = logging.getLogger("mailroom.signin")
LINE_BYTES_MAX = 65_536
WAITING_CONNECTIONS_MAX = 256
SAVE_EVERY_S = 1.0

OPERATIONS = (
    "ping", "check", "session_open", "session_close", "lookup", "names", "users", "bans", "unban", "ways",
    "held", "wrong_token", "session_is_open", "open_sessions", "session_end", "sessions_end",
)  # fmt: skip

Request = dict[str, Any]
Result = dict[str, Any]


class Failed(Exception):
    """A question that cannot be answered: (code, plain sentence, HTTP status)."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Service:
    """The operations that can be asked for."""

    def __init__(self, data: Path, root: Path = Path("/")) -> None:
        self.workers = Workers({**passwords.tasks(), **directory.tasks()})
        self.failures = Failures(data / "signin" / "failures.json", time.time)
        self.table = AccountTable(data / "db" / "accounts.sqlite")
        self.directory = Directory(self.workers, root, mark_key.read(data / "signin" / "mark-key"))
        self.host_passwords = Ways(self.workers)
        self.sessions = Sessions(time.time)
        self.sign_in = SignIn(
            self.table, self.directory, self.host_passwords, self.failures, self.sessions, Pace(), time.monotonic
        )
        self.operations: dict[str, Callable[[Request], Awaitable[Any]]] = {
            name: getattr(self, name) for name in OPERATIONS
        }

    async def answer(self, line: bytes) -> Result:
        """The answer to one line: {"result": ...} or {"error": {...}, "status": int}."""
        try:
            # Passwords may be any bytes: what is no UTF-8 travels as lone surrogates and comes out as it went in.
            request = json.loads(line.decode(errors="surrogateescape"))
            operation = self.operations[request["op"]]
        except (ValueError, KeyError, TypeError):
            return {"error": {"code": "invalid", "message": "There is no such operation."}, "status": 422}
        try:
            return {"result": await operation(request)}
        except Failed as failed:
            return {"error": {"code": failed.code, "message": failed.message}, "status": failed.status}
        except (TableUnreadable, SourceUnreadable, NoAnswer) as reason:
            return {"error": {"code": "unavailable", "message": f"Not now: {reason}"}, "status": 503}
        except Exception as reason:
            # No traceback: it could show what was asked.
            where = reason.__traceback__
            LOG.error("%s failed: %s at line %s", request["op"], type(reason).__name__, where and where.tb_lineno)
            return {"error": {"code": "internal", "message": "Something failed inside; the log has it."}, "status": 500}

    async def ping(self, request: Request) -> str:
        """We are alive."""
        return "pong"

    async def check(self, request: Request) -> Result:
        """One attempt to sign in (see check.py)."""
        attempt = Attempt(
            _text(request, "user"), _text(request, "password"), _text(request, "service"), _text(request, "rip", "")
        )
        if attempt.service not in SERVICES:
            raise Failed("invalid", f"There is no service {attempt.service!r}.", 422)
        told = await self.sign_in.check(attempt)
        if told["answer"] != OK:
            # A name that was refused may be a password typed into the wrong box: it is not written down.
            LOG.info("%s: service %s, address %s", told["answer"], attempt.service, attempt.address or "local")
        return told

    async def session_open(self, request: Request) -> Result:
        """Sign in to the portal; a right password also gives a token for IMAP and submission."""
        told = await self.check({**request, "service": "portal"})
        if told["answer"] != OK:
            return told
        return {**told, "token": self.sessions.open(told["user"], _text(request, "rip", ""))}

    async def session_close(self, request: Request) -> Result:
        """Sign out of the portal."""
        return {"closed": self.sessions.close(_text(request, "token"))}

    async def session_is_open(self, request: Request) -> Result:
        """Whether a session of the portal is open, and its user may use mail: {"open": bool}."""
        answer = self.sign_in.by_token(key_of(_text(request, "user")), _text(request, "token"))
        if answer == TEMP:
            raise Failed("unavailable", "Not now.", 503)
        return {"open": answer == OK}

    async def open_sessions(self, request: Request) -> Result:
        """The portal's open sessions."""
        return {"sessions": self.sessions.listed()}

    async def session_end(self, request: Request) -> Result:
        """End one session of the portal by its id; whose it was."""
        user = self.sessions.close_id(_text(request, "id"))
        if not user:
            raise Failed("not_found", "This session is not open any more.", 404)
        return {"user": user}

    async def sessions_end(self, request: Request) -> Result:
        """End every session of a user; how many."""
        return {"ended": self.sessions.close_all(key_of(_text(request, "user")))}

    async def lookup(self, request: Request) -> Result:
        """Whether mail can be delivered to a name: {"exists": bool}, or an error when that cannot be told now."""
        account = self.table.find(key_of(_text(request, "user").partition("@")[0]))
        if account is not None and account.held:
            raise Failed("unavailable", "This user has just disappeared from the host.", 503)
        return {"exists": account is not None and account.active}

    async def names(self, request: Request) -> Result:
        """Everybody who has a mailbox now."""
        return {"names": self.table.active_keys()}

    async def users(self, request: Request) -> list[Result]:
        """The host's users, all of them or an error."""
        return await self.directory.users()

    async def bans(self, request: Request) -> Result:
        """Who is held back now."""
        return {"bans": self.failures.bans()}

    async def unban(self, request: Request) -> Result:
        """Hold somebody back no longer."""
        kind, value = _text(request, "kind"), _text(request, "value")
        if kind not in KINDS or not self.failures.unban(kind, value):
            raise Failed("not_found", f"Nobody holds back {kind} {value}.", 404)
        return {"unbanned": value}

    async def held(self, request: Request) -> Result:
        """How long this address has to wait before it may show a token of the API again; 0 seconds: not at all."""
        return {"retry_after_s": self.failures.retry_after_s("", _text(request, "rip"))}

    async def wrong_token(self, request: Request) -> Result:
        """Count a wrong token of the API like a wrong password, against the address alone: it names no account."""
        self.failures.add("", _text(request, "rip"), _text(request, "token"))
        return {}

    async def ways(self, request: Request) -> Result:
        """How passwords are checked on this host, and what was tried."""
        return self.host_passwords.as_dict()


def _text(request: Request, name: str, default: str | None = None) -> str:
    value = request.get(name, default)
    if not isinstance(value, str):
        raise Failed("invalid", f"{name} is missing.", 422)
    return value


async def converse(service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer line after line until the other side hangs up."""
    with suppress(ConnectionError, ValueError, asyncio.LimitOverrunError):
        while line := await reader.readline():
            writer.write(json.dumps(await service.answer(line)).encode() + b"\n")
            await writer.drain()
    writer.close()


async def run(socket_file: Path, data: Path, group_id: int | None, root: Path = Path("/")) -> None:
    """Serve until SIGTERM."""
    service, stop = Service(data, root), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    choosing = asyncio.create_task(service.host_passwords.keep_choosing())
    socket_file.unlink(missing_ok=True)
    former = os.umask(0o117)
    server = await asyncio.start_unix_server(
        lambda reader, writer: converse(service, reader, writer),
        socket_file,
        limit=LINE_BYTES_MAX,
        backlog=WAITING_CONNECTIONS_MAX,
    )
    os.umask(former)
    if group_id is not None:
        # In its folder nobody but root can put something else in the socket's place.
        os.chown(socket_file, -1, group_id, follow_symlinks=False)
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SAVE_EVERY_S)
        service.failures.save()
        service.workers.rest()
    choosing.cancel()
    server.close()
    service.workers.end()
    socket_file.unlink(missing_ok=True)


def main(arguments: list[str]) -> None:
    """The verb `signin`."""
    parser = argparse.ArgumentParser(prog="mailroom signin")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--group-id", type=int)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    os.umask(0o077)
    # What is loaded so far stays shared with the workers: their collector would write into each object.
    gc.freeze()
    asyncio.run(run(chosen.socket, chosen.data, chosen.group_id))
