"""What Postfix asks us at RCPT TO, before its own restrictions (SMTPD_POLICY_README).

The restrictions answer earlier than a milter. So Postfix asks here first: the whitelist lets a client past them, and
the blacklist's rejections are told for each recipient alone. And where forwarded mail comes round again, it asks
whether the client is Postfix itself (X06-04).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from mailroom.core.lines import lines
from mailroom.filtering import return_addresses
from mailroom.filtering.checks.black_white_list import REPLY
from mailroom.filtering.rules import Rules

LOG = logging.getLogger("mailroom.filter")
# Longer than any request: some thirty attributes, none above a command line of SMTP.
REQUEST_BYTES_MAX = 64 * 1024
# What Postfix calls this question where forwarded mail comes round again (main.cf.j2).
FORWARDED = "forwarded"
REFUSED = "refused"
LATER = "451 4.3.0 Try again later"


async def serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    rules: Callable[[], Rules],
    refused: Callable[[dict[str, str]], None] = lambda _: None,
) -> None:
    """Answer one smtpd process until it leaves. Raises nothing that a client can cause.

    refused: takes what Postfix has refused by itself (early_refusals.py); the job process tells of it here.
    """
    try:
        while True:
            request = await reader.readuntil(b"\n\n")
            writer.write(b"action=%b\n\n" % _answer(request, rules(), refused).encode())
            await writer.drain()
            # Neither reading nor writing gives way while there is something in the buffers.
            await asyncio.sleep(0)
    except (EOFError, OSError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


def _answer(request: bytes, rules: Rules, refused: Callable[[dict[str, str]], None]) -> str:
    try:
        asked = attributes(request)
        if asked.get("policy_context") == REFUSED:
            refused(asked)
            return "DUNNO"
        return answer(asked, rules)
    except Exception:
        # A fault of ours must not let a message pass unchecked.
        LOG.exception("a question of Postfix's could not be answered")
        return LATER


def attributes(request: bytes) -> dict[str, str]:
    """Names and values of a request. Of two lines with one name the first counts: Postfix writes its own once."""
    found: dict[str, str] = {}
    for line in filter(None, lines(request.decode("utf-8", "replace"))):
        name, _, value = line.partition("=")
        found.setdefault(name, value)
    return found


def answer(asked: dict[str, str], rules: Rules) -> str:
    """The action (access(5)): OK past what follows in the list, DUNNO to go on with it, or a refusal."""
    if asked.get("policy_context") == FORWARDED:
        # Nothing of Postfix's own is ever returned for a mistake of ours: it waits.
        own = return_addresses.comes_from_postfix(asked.get("client_address", ""), asked.get("client_port", ""))
        return "OK" if own else LATER
    about = rules.lists.about(asked.get("client_address", ""), asked.get("sender", ""))
    ruling = about.to(asked.get("recipient", ""))
    if "restrictions" in ruling.skips:
        return "OK"
    return REPLY if ruling.is_rejected else "DUNNO"
