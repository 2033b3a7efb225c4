"""Event streams (Server-sent events, HTML standard 9.2): hints that something has changed, never the thing itself."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from mailroom.core.problems import Problem

LOG = logging.getLogger("mailroom.web.streams")
COMMENT_EVERY_S = 15.0
# Then the browser comes back by itself, and the guards look at it again.
LIFE_S = 600.0
EACH_USER_MAX = 12
ALL_MAX = 400
WAITING_MAX = 200
SEND_LIMIT_S = 20.0
# So long at most somebody listens on who may no longer: a token that was revoked, an administrator who is none now.
# With the 5 s in which a change on the host is seen (flows/account.py) it stays below 10 s.
LOOK_AGAIN_EVERY_S = 3.0
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n"
    b"X-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nretry: 2000\n\n"
)
FULL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 30\r\nConnection: close\r\n\r\n"

Event = tuple[str, dict[str, Any]]
# Given the facts of a stream, tells what happens, until it is cancelled.
Source = Callable[[dict[str, str]], AsyncIterator[Event]]
# Given the facts of a stream, whether its listener may still listen. Raises Problem when that cannot be told now.
Allowed = Callable[[dict[str, str]], bool]


class Channel:
    """One source and everybody who listens to it. It runs as long as somebody does."""

    def __init__(self, events: AsyncIterator[Event]) -> None:
        self.events = events
        self.listeners: set[asyncio.Queue[Event]] = set()
        self.work = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async for event in self.events:
            for queue in self.listeners:
                # Who is this far behind reads everything anew anyway.
                with suppress(asyncio.QueueFull):
                    queue.put_nowait(event)


class Streams:
    """All open streams. sources: by channel name."""

    def __init__(self, sources: dict[str, Source], allowed: Allowed | None = None) -> None:
        self.sources, self.allowed = sources, allowed
        self.channels: dict[str, Channel] = {}
        self.open = 0

    async def serve(self, facts: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send events until the client goes, or its time is over. facts: {channel, ...} as the route gave them."""
        key = f"{facts['channel']} {facts.get('key', '')}"
        channel = self.channels.get(key)
        if self.open >= ALL_MAX or (channel and facts.get("key") and len(channel.listeners) >= EACH_USER_MAX):
            writer.write(FULL)
            return await writer.drain()
        if channel is None or channel.work.done():
            channel = self.channels[key] = Channel(self.sources[facts["channel"]](facts))
        queue: asyncio.Queue[Event] = asyncio.Queue(WAITING_MAX)
        channel.listeners.add(queue)
        self.open += 1
        try:
            await self._send(facts, channel, queue, reader, writer)
        finally:
            self.open -= 1
            channel.listeners.discard(queue)
            if not channel.listeners:
                channel.work.cancel()
                if self.channels.get(key) is channel:
                    del self.channels[key]

    async def _send(
        self,
        facts: dict[str, str],
        channel: Channel,
        queue: asyncio.Queue[Event],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        sending = asyncio.create_task(_write(queue, writer))
        gone = asyncio.create_task(_until_gone(reader))
        forbidden = asyncio.create_task(self._until_forbidden(facts))
        try:
            ends: set[asyncio.Task[None]] = {sending, gone, forbidden, channel.work}
            await asyncio.wait(ends, timeout=LIFE_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, gone, forbidden):
                task.cancel()
            await asyncio.gather(sending, gone, forbidden, return_exceptions=True)

    async def _until_forbidden(self, facts: dict[str, str]) -> None:
        """Until the listener may listen no longer."""
        while self.allowed is None or await self._may_listen(self.allowed, facts):
            await asyncio.sleep(LOOK_AGAIN_EVERY_S)

    @staticmethod
    async def _may_listen(allowed: Allowed, facts: dict[str, str]) -> bool:
        try:
            return await asyncio.to_thread(allowed, facts)
        except Problem:
            # A part is being restarted: it is asked again.
            return True


async def _write(queue: asyncio.Queue[Event], writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        async with asyncio.timeout(SEND_LIMIT_S):
            await writer.drain()
        try:
            name, facts = await asyncio.wait_for(queue.get(), COMMENT_EVERY_S)
            writer.write(f"event: {name}\ndata: {json.dumps(facts, ensure_ascii=False)}\n\n".encode())
        except TimeoutError:
            writer.write(b": still here\n\n")


async def _until_gone(reader: asyncio.StreamReader) -> None:
    while await reader.read(4096):
        pass
