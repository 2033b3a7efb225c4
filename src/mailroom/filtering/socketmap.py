"""Tables that Postfix looks up in our process (socketmap_table(5)): netstrings over a unix socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

# No address is longer than a command line of SMTP.
REQUEST_BYTES_MAX = 4096
LENGTH_DIGITS_MAX = 6
# How long a request that was begun may take.
REST_LIMIT_S = 10.0
NOT_FOUND = "NOTFOUND "


async def serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Callable[[str, str], Awaitable[str]]
) -> None:
    """Answer one Postfix process until it leaves. answer(table, key). Raises nothing that a client can cause."""
    try:
        while True:
            table, key = (await _request(reader)).split(" ", 1)
            told = (await answer(table, key)).encode("utf-8", "surrogateescape")
            writer.write(b"%d:%b," % (len(told), told))
            await writer.drain()
            # Neither reading nor writing gives way while there is something in the buffers.
            await asyncio.sleep(0)
    except (EOFError, OSError, ValueError, TimeoutError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


async def _request(reader: asyncio.StreamReader) -> str:
    """One netstring. Raises ValueError for anything else."""
    length = await reader.readuntil(b":")
    if len(length) > LENGTH_DIGITS_MAX or not 0 < (count := int(length[:-1])) <= REQUEST_BYTES_MAX:
        raise ValueError(length)
    async with asyncio.timeout(REST_LIMIT_S):
        whole = await reader.readexactly(count + 1)
    return whole[:-1].decode("utf-8", "surrogateescape")
