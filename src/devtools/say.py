"""Telling what is under way: each long step with its name and how long it took."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator


class Stop(Exception):
    """The command cannot go on; the text says why and what to do."""


def say(text: str) -> None:
    """One line on stderr, at once."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Announce a long step, and tell how long it took."""
    say(f"  {name} …")
    started = time.monotonic()
    yield
    say(f"  {name}: {time.monotonic() - started:.1f} s")
