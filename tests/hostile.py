"""Every parser of strangers' bytes, with what is worst for it: for tests/bench/hostile_costs.py and the unit tests.

`parsers()` finds them here, by their module; a house rule (tests/unit/test_hostile.py) looks that no module which reads
strangers' bytes is left out. An input is a beginning, then one unit again and again up to its size, then an end.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any

# What makes trouble in one parser or another: quotes, brackets, escapes, separators, spaces, words that begin and never
# end, each by itself and before what ends it.
UNITS = (
    b'"', b'\\"', b"\\", b"(", b"\\(", b"()", b"<", b"<a ", b"&", b"&amp;", b"=", b"=3D", b"%", b"%41", b" ", b"\t",
    b"a", b"a ", b"a.", b"a@", b"-", b"--", b";", b"; ", b";a=b", b",", b":", b"\r\n", b"\r\n ", b"\n", b"\r", b"\0",
    b"=?a?q?x", b"=?a?q?x?= ", b"\xff", b"\xc3\xa9", b"A: b\r\n", b"[", b"{", b"{1}\r\n", b"[]", b"*", b"/", b"'",
)  # fmt: skip


@dataclass(frozen=True)
class Parser:
    """run: reads one input, and raises only what it says it raises (`refuses`). before: beginnings; after: ends.

    own: units that are its own. bytes_max: what its caller never goes beyond; larger inputs are not measured.
    grows: how many bytes may come out for one that goes in, beside a fixed 64 KB. turns: reads in an event loop by
    `run`, question after question, with turns for others between them.
    """

    module: str
    name: str
    run: Callable[[bytes], object]
    before: tuple[bytes, ...] = (b"",)
    after: tuple[bytes, ...] = (b"",)
    own: tuple[bytes, ...] = ()
    refuses: tuple[type[Exception], ...] = ()
    bytes_max: int = 1024 * 1024
    grows: float = 12.0
    held_s: float = 0.05
    turns: bool = False

    def inputs(self) -> Iterator[tuple[str, Callable[[int], bytes]]]:
        """(what it is, an input of about so many bytes)."""
        for before, unit, after in product(self.before, (*self.own, *UNITS), self.after):
            yield f"{before[:40]!r} {unit!r}... {after!r}", _maker(before, unit, after)

    def read(self, content: bytes) -> object:
        """Let it read, whatever it thinks of it."""
        with contextlib.suppress(*self.refuses):
            return self.run(content)
        return None


def _maker(before: bytes, unit: bytes, after: bytes) -> Callable[[int], bytes]:
    return lambda size: before + unit * max(1, (size - len(before) - len(after)) // len(unit)) + after


@dataclass
class _Found:
    parsers: list[Parser] = field(default_factory=list)


_FOUND = _Found()


def parser(module: str, **more: Any) -> Callable[[Callable[[bytes], object]], Callable[[bytes], object]]:
    """Declare the function below as one that lets a parser of mailroom.MODULE read."""

    def declared(run: Callable[[bytes], object]) -> Callable[[bytes], object]:
        _FOUND.parsers.append(Parser(f"mailroom.{module}", run.__name__, run, **more))
        return run

    return declared


def parsers() -> list[Parser]:
    """All of them."""
    import hostile_conversations  # noqa: F401 (declares)
    import hostile_filter  # noqa: F401
    import hostile_net  # noqa: F401
    import hostile_portal  # noqa: F401

    return sorted(_FOUND.parsers, key=lambda one: (one.module, one.name))


def text(content: bytes) -> str:
    """Bytes as most of the product decodes them."""
    return content.decode("utf-8", "surrogateescape")


# Processor times of the turns that others have in the event loop of `run`, when somebody wants to see them.
_TURNS: ContextVar[list[float] | None] = ContextVar("turns", default=None)


def run(work: Any) -> Any:
    """Run a coroutine to its end."""
    turns = _TURNS.get()
    return asyncio.run(work if turns is None else _beside(work, turns))


async def _beside(work: Any, turns: list[float]) -> Any:
    async def other() -> None:
        while True:
            turns.append(time.thread_time())
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    await asyncio.sleep(0)
    result = await work
    turns.append(time.thread_time())
    beside.cancel()
    return result


def loop_held_s(parser: Parser, content: bytes) -> float:
    """The longest processor time between two turns of others in the event loop, while one input is read."""
    turns: list[float] = []
    token = _TURNS.set(turns)
    try:
        parser.read(content)
    finally:
        _TURNS.reset(token)
    return max((later - earlier for earlier, later in pairwise(turns)), default=0.0)


def out_bytes(value: object) -> int:
    """About how many bytes a result holds."""
    if isinstance(value, bytes | str):
        return len(value)
    try:
        return len(json.dumps(value, default=repr))
    except (TypeError, ValueError):
        return len(repr(value))


STREAM = io.BytesIO
