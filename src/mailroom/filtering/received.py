"""The Received line that Postfix will write, for scanners that judge by it: a milter sees a message without it."""

from __future__ import annotations

from email.utils import formatdate

from mailroom.filtering.message import Client, Message


def received(message: Message, hostname: str) -> bytes:
    """One Received header (RFC 5321 4.4) naming the client, with its line end."""
    return line(message.client, message.queue_id or message.id, message.arrived, hostname)


def line(client: Client, id: str, arrived: float, hostname: str) -> bytes:
    """The same, for a message of which no more is known. id: what it was called here."""
    text = (
        f"Received: from {_word(client.helo)} ({_word(client.name)} [{_word(client.address)}])\r\n"
        f"\tby {hostname} (Postfix) with ESMTP id {_word(id)};\r\n"
        f"\t{formatdate(arrived)}\r\n"
    )
    return text.encode("ascii", "replace")


def _word(text: str) -> str:
    return "".join(char for char in text if "!" <= char <= "~" and char not in "()[];") or "unknown"
