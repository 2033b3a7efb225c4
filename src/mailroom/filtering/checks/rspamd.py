"""Spam, by Rspamd (row SA01, second engine).

Asks Rspamd over its unix socket (POST /checkv2). Costs about 4 ms of processor time a message. Rspamd marks from 6
points where SpamAssassin marks from 5, so its points are read times 5/6 and one threshold serves both.
"""

from __future__ import annotations

import asyncio
import json

from mailroom.core import paths
from mailroom.filtering.message import Answer, Message
from mailroom.filtering.rules import Rules
from mailroom.filtering.scanner import Garbled, Scanner, until_end

NAME = "rspamd"
TITLE = "Rspamd"
SETTING = "security.spam.threshold"
SCANNER = Scanner(
    "rspamd",
    "Rspamd",
    paths.RSPAMD_SOCKET,
    "security.spam.when_down",
    ping=b"GET /ping HTTP/1.0\r\n\r\n",
    pong=b"pong",
    # One of its processes judges many at once: most of the time it waits for name servers.
    turns=asyncio.Semaphore(32),
)
SCALE = 5 / 6
# Spam is small; Rspamd refuses what is larger than its own max_message.
JUDGED_BYTES_MAX = 10 * 1024 * 1024


def wanted(rules: Rules) -> bool:
    return rules.spam.enabled and rules.spam.engine == NAME


def applies(message: Message, rules: Rules) -> bool:
    return wanted(rules) and not message.login


async def check(message: Message, rules: Rules) -> Answer:
    if message.size > JUDGED_BYTES_MAX:
        return Answer("pass", "too large to be judged as spam", setting=SETTING)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
        writer.write(_head(message, message.whole_size))
        for piece in message.pieces():
            writer.write(piece)
            await writer.drain()
        return _answer(await until_end(reader), rules)

    return await SCANNER.ask(talk, rules.spam.when_down)


def _head(message: Message, length: int) -> bytes:
    facts = {
        "Content-Length": str(length),
        "Connection": "close",
        "From": message.sender,
        "IP": message.client.address,
        "Helo": message.client.helo,
        "Hostname": message.client.name,
        "Queue-Id": message.queue_id,
    }
    lines = ["POST /checkv2 HTTP/1.1"]
    lines += [f"{name}: {_one_line(value)}" for name, value in facts.items() if value]
    lines += [f"Rcpt: {_one_line(recipient.address)}" for recipient in message.accepted]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")


def _one_line(text: str) -> str:
    return "".join(char for char in text if char >= " ")


def _answer(said: bytes, rules: Rules) -> Answer:
    try:
        found = json.loads(said.partition(b"\r\n\r\n")[2])
        score = round(float(found["score"]) * SCALE, 2)
    except (ValueError, KeyError, TypeError):
        raise Garbled(said[:80].decode("latin-1")) from None
    result = "spam" if score > rules.spam.threshold else "pass"
    return Answer(result, ", ".join(sorted(found.get("symbols", {}))), score=score, setting=SETTING)
