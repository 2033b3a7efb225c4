"""Spam, by SpamAssassin (rows SA01, SA05).

Asks spamd over its unix socket (SPAMD protocol 1.5, SYMBOLS). Costs about 150 ms of processor time a message. Only mail
from clients that did not sign in is judged. Errs towards mail that few rules know; the threshold is the admin's.
"""

from __future__ import annotations

import asyncio

from mailroom.core import paths
from mailroom.core.lines import lines
from mailroom.filtering.message import Answer, Message
from mailroom.filtering.received import received
from mailroom.filtering.rules import Rules
from mailroom.filtering.scanner import Garbled, Scanner, until_end

NAME = "spamassassin"
TITLE = "SpamAssassin"
SETTING = "security.spam.threshold"
SCANNER = Scanner(
    "spamd",
    "SpamAssassin",
    paths.SPAMD_SOCKET,
    "security.spam.when_down",
    ping=b"PING SPAMC/1.5\r\n\r\n",
    pong=b"PONG",
)
# Spam is small; SpamAssassin's own client leaves out larger mail too.
JUDGED_BYTES_MAX = 1024 * 1024


def wanted(rules: Rules) -> bool:
    return rules.spam.enabled and rules.spam.engine == NAME


def applies(message: Message, rules: Rules) -> bool:
    return wanted(rules) and not message.login


async def check(message: Message, rules: Rules) -> Answer:
    if message.size > JUDGED_BYTES_MAX:
        return Answer("pass", "too large to be judged as spam", setting=SETTING)
    content = received(message, rules.general.hostname) + message.whole()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
        writer.write(b"SYMBOLS SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(content) + content)
        await writer.drain()
        writer.write_eof()
        return _answer((await until_end(reader)).decode("utf-8", "replace"), rules)

    return await SCANNER.ask(talk, rules.spam.when_down)


def _answer(said: str, rules: Rules) -> Answer:
    head, _, symbols = said.partition("\r\n\r\n")
    verdict = next((line for line in lines(head) if line.startswith("Spam:")), "")
    try:
        score = float(verdict.partition(";")[2].partition("/")[0])
    except ValueError:
        raise Garbled(head[:80]) from None
    result = "spam" if score > rules.spam.threshold else "pass"
    return Answer(result, symbols.strip().replace(",", ", "), score=score, setting=SETTING)
