"""What all scanners share: a connection with a hard time limit, and saying so when one is down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mailroom.filtering import conditions
from mailroom.filtering.message import Answer

# Postfix gives up on us after 28 s; a client must hear 4xx within 30 s.
TIME_LIMIT_S = 20.0
# While a scanner is known to be down, mail does not queue up behind it for long.
TIME_LIMIT_WHILE_DOWN_S = 4.0
# As many as its own processes can soon take: what we give up on while it still waits there, it works on in vain.
AT_ONCE = 4
PING_LIMIT_S = 5.0
ANSWER_BYTES_MAX = 256 * 1024
REPLY = "451 4.7.1 Service unavailable - try again later"
MEANWHILE = {
    "pass": "Mail is delivered unchecked and marked until it answers again.",
    "wait": "Mail waits at the sending servers until it answers again.",
}

Found = TypeVar("Found")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Found]]


class Garbled(ValueError):
    """The scanner answered something that is no answer."""


@dataclass(frozen=True)
class Scanner:
    """A scanner behind a unix socket.

    title: its name for people. setting: which says what happens while it is down. ping, pong: how it is asked whether
    it serves, and what its answer holds. turns: how many messages one of our processes lets it judge at once.
    """

    id: str
    title: str
    socket: Path
    setting: str
    ping: bytes
    pong: bytes
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), compare=False)

    async def ask(self, talk: Talk[Answer], when_down: str) -> Answer:
        """The scanner's answer, or, when it is down, hung or garbled, what the admin chose for that case."""
        async with self.turns:
            return await self._ask(talk, when_down)

    async def _ask(self, talk: Talk[Answer], when_down: str) -> Answer:
        limit_s = TIME_LIMIT_WHILE_DOWN_S if conditions.lasts(self.id) else TIME_LIMIT_S
        try:
            answer = await self._talk(talk, limit_s)
        except TimeoutError:
            return self._down(f"{self.title} did not answer within {limit_s:.0f} s", when_down)
        except (Garbled, EOFError, asyncio.LimitOverrunError):
            return self._down(f"{self.title} gives no proper answer", when_down)
        except OSError as reason:
            why = reason.strerror or type(reason).__name__
            return self._down(f"{self.title} cannot be reached ({why})", when_down)
        if conditions.lasts(self.id):
            conditions.clear(self.id)
        return answer

    async def serves(self) -> bool:
        """Whether it answers a ping."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            writer.write(self.ping)
            await writer.drain()
            heard = b""
            while self.pong not in heard and (more := await reader.read(4096)):
                heard += more
            return self.pong in heard

        try:
            return await self._talk(talk, PING_LIMIT_S)
        except (OSError, TimeoutError):
            return False

    async def _talk(self, talk: Talk[Found], limit_s: float) -> Found:
        async with asyncio.timeout(limit_s):
            reader, writer = await asyncio.open_unix_connection(str(self.socket), limit=ANSWER_BYTES_MAX)
            try:
                return await talk(reader, writer)
            finally:
                # Not close(): that would first wait for a hung scanner to take what is left.
                writer.transport.abort()

    def _down(self, what: str, when_down: str) -> Answer:
        conditions.report(self.id, what, MEANWHILE[when_down], f"If this lasts, restart {self.title}.")
        if when_down == "pass":
            return Answer("unscanned", what, setting=self.setting)
        return Answer("tempfail", what, reply=REPLY, setting=self.setting)


async def until_end(reader: asyncio.StreamReader) -> bytes:
    """Everything that the scanner says until it closes. Raises Garbled when that is far too much."""
    said = b""
    while more := await reader.read(65536):
        said += more
        if len(said) > ANSWER_BYTES_MAX:
            raise Garbled(f"more than {ANSWER_BYTES_MAX} bytes")
    return said
