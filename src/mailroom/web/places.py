"""Places at the inner server: so many at once, and of them so many for one client, so that nobody takes all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mailroom.core.net import counted_as


@dataclass
class _Client:
    places: asyncio.Semaphore
    asking: int = 0


class Places:
    """count: all places; each: what one client may have of them. IPv6 clients are counted by network."""

    def __init__(self, count: int, each: int) -> None:
        self.free, self.each = asyncio.Semaphore(count), each
        self.clients: dict[str, _Client] = {}

    @asynccontextmanager
    async def one(self, address: str, limit_s: float) -> AsyncIterator[None]:
        """A place for the client at `address`, given back in the end. Raises TimeoutError when none is free in time."""
        name = counted_as(address)
        client = self.clients.setdefault(name, _Client(asyncio.Semaphore(self.each)))
        client.asking += 1
        try:
            # Its own first: who waits for these must not hold one of all meanwhile.
            async with asyncio.timeout(limit_s):
                await client.places.acquire()
                try:
                    await self.free.acquire()
                except BaseException:
                    client.places.release()
                    raise
            try:
                yield
            finally:
                self.free.release()
                client.places.release()
        finally:
            client.asking -= 1
            if not client.asking:
                del self.clients[name]
