"""New mail without asking: one connection for each user who has a page open watches all folders (RFC 5465)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

from mailroom.daemons.places import PORTAL_IMAP_PORT
from mailroom.web.portal.imap import utf7
from mailroom.web.portal.imap.tokens import Garbled, Incoming, Response, quote
from mailroom.web.streams import Event

LOG = logging.getLogger("mailroom.web.watch")
NOTIFY = b"NOTIFY SET (personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))"
LOGIN_LIMIT_S = 15.0
# A server that says nothing for so long is asked whether it is still there; Dovecot says something every 2 minutes.
SILENCE_S = 300.0
AGAIN_AFTER_S = 5.0
CHUNK = 16 * 1024


class Ended(Exception):
    """The server has gone, or does not let us in. final: trying again is no use."""

    def __init__(self, final: bool = False) -> None:
        super().__init__()
        self.final = final


async def mail(facts: dict[str, str]) -> AsyncIterator[Event]:
    """("mail", {folder}) whenever something in a folder changes. facts: user, token. Ends when the token does."""
    while True:
        try:
            async for folder in _watch(facts["user"], facts["token"]):
                yield "mail", {"folder": folder}
        except Ended as ended:
            if ended.final:
                return
        except (OSError, Garbled, TimeoutError):
            LOG.info("the mailbox server has gone; trying again")
        await asyncio.sleep(AGAIN_AFTER_S)
        # What has happened meanwhile is not known: the page looks at what it shows.
        yield "mail", {"folder": "INBOX"}


async def _watch(user: str, token: str) -> AsyncIterator[str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", PORTAL_IMAP_PORT)
    incoming = Incoming()
    try:
        async with asyncio.timeout(LOGIN_LIMIT_S):
            await _next(reader, incoming)
            login = b" ".join((b"LOGIN", quote(user.encode()) or b'""', quote(token.encode()) or b'""'))
            done = await _command(reader, writer, incoming, b"a", login)
            if done.kind != "OK":
                raise Ended(final=b"UNAVAILABLE" not in done.code)
            if (await _command(reader, writer, incoming, b"b", NOTIFY)).kind != "OK":
                raise Ended
            writer.write(b"c IDLE\r\n")
            await writer.drain()
        while True:
            async with asyncio.timeout(SILENCE_S):
                response = await _next(reader, incoming)
            if response.kind == "BYE":
                raise Ended
            folder = _folder(response)
            if folder is not None:
                yield folder
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _folder(response: Response) -> str | None:
    """The folder that a STATUS or LIST response tells of."""
    values = response.values
    if len(values) >= 2 and values[0] == b"STATUS" and isinstance(values[1], bytes):
        return utf7.decode(values[1])
    if len(values) >= 4 and values[0] == b"LIST" and isinstance(values[3], bytes):
        return utf7.decode(values[3])
    return None


async def _command(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: Incoming, tag: bytes, command: bytes
) -> Response:
    writer.write(tag + b" " + command + b"\r\n")
    await writer.drain()
    while True:
        response = await _next(reader, incoming)
        if response.tag == tag:
            return response
        if response.kind == "BYE":
            raise Ended


async def _next(reader: asyncio.StreamReader, incoming: Incoming) -> Response:
    while (response := incoming.take()) is None:
        data = await reader.read(CHUNK)
        if not data:
            raise Ended
        incoming.feed(data)
    return response
