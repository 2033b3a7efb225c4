"""One connection from Postfix: events become a message, the message gets its verdict, the journal its record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from mailroom.filtering import milter, pipeline
from mailroom.filtering.ids import new_id
from mailroom.filtering.message import Asked, Changes, Client, Message, Recipient
from mailroom.filtering.rules import Rules

IDLE_S = 3600.0
JOURNAL_REFUSED = Changes(final="451 4.3.0 Try again later")

Recorder = Callable[[Message, list[Asked], str, Changes], None]


class Session:
    """One SMTP connection's milter side. `record` writes to the journal and raises OSError when it cannot."""

    def __init__(self, rules: Callable[[], Rules], record: Recorder, scanning: asyncio.Semaphore) -> None:
        self.rules, self.record, self.scanning = rules, record, scanning
        self.client = Client()
        self.macros: dict[str, str] = {}
        self.message: Message | None = None

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk until the other side has gone. Raises nothing that a client can cause."""
        try:
            while True:
                async with asyncio.timeout(IDLE_S):
                    command, content = await milter.next_packet(reader)
                if command == b"Q":
                    break
                reply = await self._event(command, content)
                if reply:
                    writer.write(reply)
                    await writer.drain()
        except (EOFError, OSError, TimeoutError, milter.Nonsense):
            pass
        finally:
            await self._leave()
            writer.close()

    async def _event(self, command: bytes, content: bytes) -> bytes:
        if command == b"O":
            return milter.options(content)
        if command == b"D":
            self.macros.update(milter.macros(content))
        elif command == b"C":
            self._connect(content)
        elif command == b"H":
            self.client.helo = (milter.strings(content) or [""])[0]
        elif command == b"M":
            await self._leave()
            self.message = self._begin(content)
        elif command in (b"A", b"K"):
            await self._leave()
            self.client = Client() if command == b"K" else self.client
        elif self.message is not None:
            return await self._content(self.message, command, content)
        return b""

    async def _content(self, message: Message, command: bytes, content: bytes) -> bytes:
        if command == b"R":
            message.recipients.append(self._recipient(content))
        elif command == b"L":
            name, value = milter.header(content)
            message.headers.append((name, value))
            message.header_bytes += len(name) + len(value) + 3
        elif command == b"B":
            message.chunks.append(content)
            message.body_bytes += len(content)
        elif command == b"E":
            if content:
                message.chunks.append(content)
                message.body_bytes += len(content)
            return await self._judge(message)
        return b""

    def _connect(self, content: bytes) -> None:
        name, _, rest = content.partition(b"\0")
        address = rest[3:].split(b"\0")[0] if rest[:1] in (b"4", b"6") else b""
        self.client = Client(
            address.decode("ascii", "replace").removeprefix("IPv6:"), name.decode("utf-8", "replace")
        )

    def _begin(self, content: bytes) -> Message:
        sender = (milter.strings(content) or [""])[0].strip("<>")
        return Message(
            id=new_id(),
            arrived=time.time(),
            client=self.client,
            daemon=self.macros.get("daemon_name", ""),
            tls=self.macros.get("tls_version", ""),
            login=self.macros.pop("auth_authen", ""),
            sender=sender,
        )

    def _recipient(self, content: bytes) -> Recipient:
        refused = self.macros.pop("rcpt_mailer", "") == "error"
        refusal = f"{self.macros.get('rcpt_host', '')} {self.macros.get('rcpt_addr', '')}" if refused else ""
        return Recipient((milter.strings(content) or [""])[0].strip("<>"), _with_code(refusal))

    async def _judge(self, message: Message) -> bytes:
        message.queue_id, message.complete = self.macros.get("i", ""), True
        rules = self.rules()
        async with self.scanning:
            asked = await pipeline.judge(message, rules)
        verdict = pipeline.join([one for one in asked if one.check != "recipient"], rules)
        changes = pipeline.act(verdict, message, asked, rules)
        try:
            self.record(message, asked, verdict, changes)
        except OSError:
            changes = JOURNAL_REFUSED
        self.message = None
        return milter.verdict(changes)

    async def _leave(self) -> None:
        """A transaction that ended without a message still gets its record: refused, or dropped half-way."""
        message, self.message = self.message, None
        if message is None or not (message.recipients or message.headers):
            return
        asked = await pipeline.ask(pipeline.ENVELOPE, message, self.rules())
        refused = bool(message.recipients) and not message.accepted
        verdict = pipeline.join(asked, self.rules()) if refused else "dropped"
        reply = asked[0].answer.reply if refused and asked else "the client left before the end"
        try:
            self.record(message, asked, verdict, Changes(final=reply))
        except OSError:
            return


def _with_code(refusal: str) -> str:
    """Postfix gives the enhanced code and the words; the reply code's class follows from the first digit."""
    return f"{refusal[0]}50 {refusal}" if refusal[:1] in ("4", "5") and refusal[1:2] == "." else refusal
