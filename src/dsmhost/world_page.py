"""A page to look at the outside world's mailbox, and to send a mail in from there."""

from __future__ import annotations

import asyncio
import contextlib
import html
import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import parse_qs

from dsmhost.mailbox import messages

PAGE_PORT = 8025
BODY_MAX = 1024 * 1024
SHOWN = 50
STYLE = (
    "body{font:14px sans-serif;max-width:60em;margin:2em auto}pre{background:#f3f5f7;padding:1em;overflow:auto}"
    "label{display:block;margin:.4em 0}input,textarea{width:100%}"
)


async def page(mailbox: Path, machine: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request."""
    with contextlib.suppress(OSError, ValueError, IndexError, asyncio.IncompleteReadError):
        method = (await reader.readline()).decode().split()[0]
        length = 0
        while line := (await reader.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = min(int(line.split(b":")[1]), BODY_MAX)
        told = ""
        if method == "POST":
            fields = {name: values[0] for name, values in parse_qs((await reader.readexactly(length)).decode()).items()}
            told = await asyncio.to_thread(send_in, machine, fields)
        body = render(mailbox, told).encode()
        head = f"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
    writer.close()


def send_in(machine: str, fields: dict[str, str]) -> str:
    """Send one mail from outside to the machine; what its server said."""
    mail = EmailMessage()
    mail["From"], mail["To"] = fields.get("from", ""), fields.get("to", "")
    mail["Subject"], mail["Date"], mail["Message-ID"] = (
        fields.get("subject", ""),
        formatdate(),
        make_msgid(domain="world.example"),
    )
    mail.set_content(fields.get("text", ""))
    try:
        with smtplib.SMTP(machine, 25, timeout=60, local_hostname="mx.world.example") as server:
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as reason:
        return f"Not taken: {reason}"
    return "Taken by the server."


def render(mailbox: Path, told: str) -> str:
    """The page's HTML."""
    fields = "".join(f'<label>{name}<input name="{name.lower()}" value="{value}"></label>' for name, value in
                     (("From", "friend@world.example"), ("To", ""), ("Subject", "Hello")))  # fmt: skip
    arrived = "".join(
        f"<h3>{html.escape(', '.join(one['to']))}</h3><pre>{html.escape(one['content'])}</pre>"
        for one in messages(mailbox)[:SHOWN]
    )
    return (
        f"<!doctype html><title>The outside world</title><style>{STYLE}</style><h1>The outside world</h1>"
        f"<p role=status>{html.escape(told)}</p><form method=post>{fields}"
        "<label>Text<textarea name=text></textarea></label>"
        f"<button>Send in</button></form><h2>Arrived here</h2>{arrived or '<p>Nothing yet.</p>'}"
    )
