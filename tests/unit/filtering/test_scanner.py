"""A scanner's answer, or what the admin chose when there is none; the condition comes and goes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from mailroom.core import paths
from mailroom.filtering import scanner as module
from mailroom.filtering.message import Answer
from mailroom.filtering.scanner import Garbled, Scanner, until_end

GOOD = Answer("pass")


@pytest.fixture
def scanner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scanner:
    monkeypatch.setattr(paths, "CONDITIONS", tmp_path)
    monkeypatch.setattr(module, "TIME_LIMIT_S", 0.05)
    monkeypatch.setattr(module, "TIME_LIMIT_WHILE_DOWN_S", 0.02)
    return Scanner("one", "The scanner", tmp_path / "sock", "page.when_down", ping=b"PING", pong=b"PONG")


async def good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    return GOOD


async def hung(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    await asyncio.Event().wait()
    return GOOD


async def garbled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    raise Garbled("?")


async def serving(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"PONG" if await reader.read(10) == b"PING" else b"")
    writer.close()


def test_the_condition_lasts_until_the_scanner_answers(scanner: Scanner, tmp_path: Path) -> None:
    async def run() -> None:
        down = await scanner.ask(good, "wait")
        assert (down.result, down.reply[:4], down.setting) == ("tempfail", "451 ", "page.when_down")
        note = json.loads((tmp_path / "one.json").read_text())
        assert note["title"] == "The scanner cannot be reached (No such file or directory)"
        server = await asyncio.start_unix_server(serving, scanner.socket)
        async with server:
            assert await scanner.ask(hung, "wait") == Answer(
                "tempfail", "The scanner did not answer within 0 s", reply=down.reply, setting="page.when_down"
            )
            assert json.loads((tmp_path / "one.json").read_text()) == note, "the first report stays"
            assert (await scanner.ask(garbled, "pass")).result == "unscanned"
            assert await scanner.serves()
            assert await scanner.ask(good, "wait") is GOOD
        assert not (tmp_path / "one.json").exists()
        assert not await scanner.serves()

    asyncio.run(run())


def test_an_answer_without_end_is_none() -> None:
    async def run() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"x" * (module.ANSWER_BYTES_MAX + 1))
        reader.feed_eof()
        with pytest.raises(Garbled):
            await until_end(reader)

    asyncio.run(run())
