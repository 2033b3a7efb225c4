"""Who asks the filter a thousand things at once holds up nobody else for more than one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from filter_rules import RULES
from hostile_conversations import Sink, heard
from mailroom.filtering import policy, socketmap
from mailroom.filtering.milter import packet
from mailroom.filtering.session import Session

MANY = 1_000


async def not_found(table: str, key: str) -> str:
    return socketmap.NOT_FOUND


async def milter(reader: asyncio.StreamReader, sink: Sink) -> None:
    nobody: Any = None
    await Session(lambda: RULES, nobody, asyncio.Semaphore(1), nobody, nobody, nobody, nobody).run(reader, sink)


CONVERSATIONS: dict[str, tuple[bytes, Callable[[asyncio.StreamReader, Sink], Coroutine[Any, Any, None]]]] = {
    "socketmap": (b"3:a b,", lambda reader, sink: socketmap.serve(reader, sink, not_found)),
    "policy": (b"request=smtpd_access_policy\n\n", lambda reader, sink: policy.serve(reader, sink, lambda: RULES)),
    "milter": (packet(b"D", b"Cj\0mail.example.com\0"), milter),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_others_have_their_turn_between_two_questions(name: str) -> None:
    question, serve = CONVERSATIONS[name]
    sink, turns = Sink(), 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def both() -> None:
        beside = asyncio.create_task(other())
        await serve(heard(question * MANY), sink)
        beside.cancel()

    asyncio.run(both())
    assert turns >= MANY
