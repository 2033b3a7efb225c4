"""Viruses, by ClamAV (rows AV01, AV08).

Asks clamd over its unix socket (clamd(8), INSTREAM). Costs some milliseconds of processor time; more for archives.
A message that clamd cannot look at whole is marked.
When clamd is down the answer is 4xx, or the message passes marked, as the admin chose.
"""

from __future__ import annotations

import asyncio
import struct

from mailroom.core import paths
from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules
from mailroom.filtering.scanner import Garbled, Scanner

NAME = "clamav"
TITLE = "ClamAV"
SETTING = "security.antivirus.action"
SCANNER = Scanner(
    "clamd",
    "The antivirus engine",
    paths.CLAMD_SOCKET,
    "security.antivirus.when_down",
    ping=b"zPING\0",
    pong=b"PONG",
)
# clamd.conf(5), AlertExceedsMax: nothing was found as far as it looked, but it did not look everywhere.
LIMITS = "Heuristics.Limits.Exceeded"


def wanted(rules: Rules) -> bool:
    return rules.antivirus.enabled and rules.antivirus.engine == "clamav"


def applies(message: Message, rules: Rules) -> bool:
    return wanted(rules)


async def check(message: Message, rules: Rules) -> Answer:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
        writer.write(b"zINSTREAM\0")
        for piece in message.pieces():
            writer.write(struct.pack("!I", len(piece)) + piece)
            await writer.drain()
        writer.write(struct.pack("!I", 0))
        return _answer((await reader.readuntil(b"\0")).rstrip(b"\0").decode("utf-8", "replace"))

    return await SCANNER.ask(talk, rules.antivirus.when_down)


def _answer(said: str) -> Answer:
    if said.endswith(" OK"):
        return Answer("pass", "no virus", setting=SETTING)
    if said.endswith(" FOUND"):
        found = said.removeprefix("stream: ").removesuffix(" FOUND")
        if found.startswith(LIMITS):
            return Answer(
                "unscanned", f"nested too deep, or too large, to be looked at whole ({found})", setting=SETTING
            )
        return Answer("virus", found, setting=SETTING)
    raise Garbled(said)
