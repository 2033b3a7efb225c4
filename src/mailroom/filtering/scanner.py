"""What all scanners share: a connection with a hard time limit, and saying so when one is down."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from mailroom.core import paths
from mailroom.filtering.message import Answer

# Postfix gives up on us after 28 s; a client must hear 4xx within 30 s.
TIME_LIMIT_S = 20.0
CONDITIONS = paths.SOCKETS / "conditions"
ANSWER_BYTES_MAX = 256 * 1024

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Answer]]


class Garbled(ValueError):
    """The scanner answered something that is no answer."""


@dataclass(frozen=True)
class Scanner:
    """A scanner behind a unix socket. title is its name for people; setting says what happens while it is down."""

    id: str
    title: str
    socket: Path
    setting: str

    async def ask(self, talk: Talk, when_down: str) -> Answer:
        """The scanner's answer, or, when it is down, hung or garbled, what the admin chose for that case."""
        try:
            async with asyncio.timeout(TIME_LIMIT_S):
                reader, writer = await asyncio.open_unix_connection(str(self.socket), limit=ANSWER_BYTES_MAX)
                try:
                    answer = await talk(reader, writer)
                finally:
                    writer.close()
        except TimeoutError:
            return self._down(f"did not answer within {TIME_LIMIT_S:.0f} s", when_down)
        except (OSError, EOFError, Garbled, asyncio.LimitOverrunError) as reason:
            return self._down(f"does not answer ({type(reason).__name__})", when_down)
        self._is_up()
        return answer

    def _down(self, what: str, when_down: str) -> Answer:
        self._report(what, when_down)
        if when_down == "pass":
            return Answer("unscanned", f"{self.title} {what}", setting=self.setting)
        reply = "451 4.7.1 Service unavailable - try again later"
        return Answer("tempfail", f"{self.title} {what}", reply=reply, setting=self.setting)

    def _report(self, what: str, when_down: str) -> None:
        """Leave a note for the window; the message's own answer does not depend on it."""
        meanwhile = "is delivered unchecked and marked" if when_down == "pass" else "waits at the sending servers"
        note = {
            "title": f"{self.title} {what}",
            "text": f"Mail {meanwhile} until it answers again.",
            "next": f"Restart {self.title} in the list below.",
            "since": time.time(),
        }
        with contextlib.suppress(OSError):
            CONDITIONS.mkdir(exist_ok=True)
            file = CONDITIONS / f"{self.id}.json"
            if not file.exists():
                file.write_text(json.dumps(note))

    def _is_up(self) -> None:
        with contextlib.suppress(OSError):
            (CONDITIONS / f"{self.id}.json").unlink(missing_ok=True)
