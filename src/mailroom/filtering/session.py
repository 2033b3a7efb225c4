"""One connection from Postfix: events become a message, the message gets its verdict, the journal its record."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from mailroom.filtering import completing, milter, pipeline, released
from mailroom.filtering.account_facts import AccountFacts
from mailroom.filtering.body import Body
from mailroom.filtering.checks import authentication, black_white_list, own_domain
from mailroom.filtering.checks.guessing import REPLY as BLOCKED
from mailroom.filtering.checks.session_over import REPLY as OVER
from mailroom.filtering.guessing import Guessing
from mailroom.filtering.ids import new_id
from mailroom.filtering.message import Answer, Asked, Changes, Client, Message, Recipient
from mailroom.filtering.order import ENVELOPE, LAST
from mailroom.filtering.quota import Quota
from mailroom.filtering.rules import Rules

LOG = logging.getLogger("mailroom.filter")
IDLE_S = 3600.0
# Postfix gives up on us after 28 s (main.cf.j2, milter_content_timeout); before that our own answer must be there.
JUDGE_LIMIT_S = 25.0
JOURNAL_REFUSED = "451 4.3.0 Try again later"
BUSY = Answer("tempfail", f"no answer could be found within {JUDGE_LIMIT_S:.0f} s", reply="451 4.3.2 Try again later")
LEFT = "the client left before it sent a message"
LEFT_IN_DATA = "the client left in the middle of it, or Postfix ended it as too large or malformed"
POSTFIX_LEFT = "Postfix did not wait for the answer; the sender will come back"
# What Postfix answers with these words; everything else is 450 or 550.
CODES = (
    (black_white_list.REFUSED, "550"),
    ("Authentication required", "530"),
    ("Relay access denied", "554"),
    ("cannot find your", "550"),
    ("need fully-qualified", "504"),
    ("Client host rejected", "554"),
    ("not owned by user", "553"),
    ("not logged in", "553"),
    ("lookup failure", "451"),
)

Recorder = Callable[[Message, list[Asked], str, Changes], None]


class Session:
    """One SMTP connection's milter side. `record` writes to the journal and raises OSError when it cannot."""

    def __init__(
        self,
        rules: Callable[[], Rules],
        record: Recorder,
        scanning: asyncio.Semaphore,
        guessing: Guessing,
        quota: Quota,
        accounts: AccountFacts,
        is_return: Callable[[str], bool],
    ) -> None:
        self.rules, self.record, self.scanning = rules, record, scanning
        self.guessing, self.quota = guessing, quota
        self.accounts, self.is_return = accounts, is_return
        self.client, self.connected = Client(), time.time()
        self.macros: dict[str, str] = {}
        self.message: Message | None = None
        # The one that was judged, while Postfix is being told.
        self.answered: Message | None = None
        self.postfix_left: Callable[[], bool] = lambda: False

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk until the other side has gone. Raises nothing that a client can cause."""
        self.postfix_left = reader.at_eof
        try:
            while True:
                async with asyncio.timeout(IDLE_S):
                    command, content = await milter.next_packet(reader)
                if command == b"Q":
                    break
                for reply in await self._event(command, content):
                    writer.write(reply)
                    await writer.drain()
                self._settle(told=True)
                # Neither reading nor writing gives way while there is something in the buffers.
                await asyncio.sleep(0)
        except milter.Nonsense as reason:
            LOG.warning("a connection that does not speak our protocol: %s", reason)
        except (EOFError, OSError, TimeoutError):
            pass
        finally:
            self._settle(told=False)
            await self._leave()
            writer.close()

    async def _event(self, command: bytes, content: bytes) -> Iterable[bytes]:
        if command == b"O":
            return (milter.options(content),)
        if command == b"D":
            self.macros.update(milter.macros(content))
        elif command == b"C":
            self._connect(content)
        elif command == b"H":
            self.client.helo = (milter.strings(content) or [""])[0]
        elif command == b"M":
            await self._leave()
            self.message = self._begin(content)
            return (self._answer_sender(self.message, self.rules()),)
        elif command in (b"A", b"K"):
            await self._leave()
            self.client = Client() if command == b"K" else self.client
        elif self.message is not None:
            return await self._content(self.message, command, content)
        return ()

    async def _content(self, message: Message, command: bytes, content: bytes) -> Iterable[bytes]:
        if command == b"R":
            message.recipients.append(self._recipient(content))
            self.guessing.refused(message, message.recipients[-1], self.rules())
        elif command == b"T":
            message.data = True
        elif command == b"L":
            message.add_header(*milter.header(content))
        elif command == b"B":
            message.body.add(content)
        elif command == b"E":
            if content:
                message.body.add(content)
            return await self._end(message)
        return ()

    def _answer_sender(self, message: Message, rules: Rules) -> bytes:
        """What MAIL FROM is answered: what is certain by now spares the client the rest."""
        if self.macros.get("daemon_name") == released.DAEMON and message.released is None:
            return milter.refusal(released.REPLY)
        message.blocked = self.guessing.blocks(message, rules)
        if message.blocked:
            return milter.refusal(BLOCKED)
        if authentication.applies(message, rules):
            return milter.refusal(authentication.REPLY)
        message.is_return = bool(message.sender) and self.is_return(message.sender)
        if message.login:
            message.owned = self.accounts.addresses_of(message.login)
            if self._is_over(message):
                return milter.refusal(OVER)
        return milter.refusal(own_domain.reply(message)) if own_domain.refuses_early(message, rules) else milter.GO_ON

    def _is_over(self, message: Message) -> bool:
        message.is_over = bool(message.login) and self.accounts.is_over(message.login, self.connected)
        return message.is_over

    def _connect(self, content: bytes) -> None:
        self.connected = time.time()
        name, _, rest = content.partition(b"\0")
        address = rest[3:].split(b"\0")[0] if rest[:1] in (b"4", b"6") else b""
        # An address that has no name comes as a name in brackets.
        known = "" if name.startswith(b"[") else name.decode("utf-8", "replace")
        self.client = Client(address.decode("ascii", "replace").removeprefix("IPv6:"), known)

    def _begin(self, content: bytes) -> Message:
        self.macros.pop("i", None)
        sender, *parameters = milter.strings(content) or [""]
        message = Message(
            id=new_id(),
            arrived=time.time(),
            client=self.client,
            body=Body(self.rules().general.max_message_bytes),
            daemon=self.macros.get("daemon_name", ""),
            tls=self.macros.get("tls_version", ""),
            login=self.macros.pop("auth_authen", ""),
            sender=sender.strip("<>"),
            smtputf8="SMTPUTF8" in map(str.upper, parameters),
        )
        if message.daemon == released.DAEMON:
            released.restore(message, parameters)
        return message

    def _recipient(self, content: bytes) -> Recipient:
        refused = self.macros.pop("rcpt_mailer", "") == "error"
        refusal = f"{self.macros.get('rcpt_host', '')} {self.macros.get('rcpt_addr', '')}" if refused else ""
        return Recipient((milter.strings(content) or [""])[0].strip("<>"), _with_code(refusal))

    async def _end(self, message: Message) -> Iterable[bytes]:
        """The whole message is here: judge it, act, record, answer."""
        message.queue_id, message.complete, self.message = self.macros.get("i", ""), True, None
        rules = self.rules()
        message.completed = completing.missing(message, rules)
        message.headers.extend(message.completed)
        self._is_over(message)
        try:
            async with asyncio.timeout(JUDGE_LIMIT_S), self.scanning:
                asked = await pipeline.judge(message, rules)
                changes = self._act(message, asked + await self._count(message, asked, rules), rules)
        except TimeoutError:
            LOG.warning("%s waited too long for its turn", message.id)
            changes = self._act(message, [Asked("deadline", BUSY, JUDGE_LIMIT_S * 1000)], rules)
        message.body.close()
        if changes.final == "accept":
            self.answered = message
        else:
            self.quota.settle(message, accepted=False)
        return milter.verdict(changes)

    async def _count(self, message: Message, asked: list[Asked], rules: Rules) -> list[Asked]:
        """Take a message that nothing has stopped into account for its user's quota; what that check says."""
        if pipeline.join(asked, rules) not in pipeline.GOES_ON or self.postfix_left():
            return []
        message.taken = self.quota.take(message, rules)
        return await pipeline.ask(LAST, message, rules)

    def _settle(self, *, told: bool) -> None:
        """The message that was accepted counts for good, once Postfix was told so."""
        message, self.answered = self.answered, None
        if message is not None:
            self.quota.settle(message, accepted=told)

    def _act(self, message: Message, asked: list[Asked], rules: Rules) -> Changes:
        if self.postfix_left():
            changes = Changes(final=POSTFIX_LEFT)
            self._try_to_record(message, asked, "dropped", changes)
            return changes
        verdict = pipeline.join(asked, rules)
        changes = pipeline.act(verdict, message, asked, rules)
        try:
            self.record(message, asked, _undone(changes) or verdict, changes)
        except OSError:
            return changes.undo(JOURNAL_REFUSED)
        return changes

    async def _leave(self) -> None:
        """A transaction that ended without a message still gets its record: refused, or dropped half-way."""
        message, self.message = self.message, None
        if message is None:
            return
        message.body.close()
        rules = self.rules()
        # Postfix's log tells by it why the message ended (early_refusals.py).
        message.queue_id = self.macros.get("i", "") if message.data else ""
        asked = await pipeline.ask(ENVELOPE, message, rules)
        refusal = next((one.answer.reply for one in asked if one.answer.reply), "")
        if refusal:
            self._try_to_record(message, asked, pipeline.join(asked, rules), Changes(final=refusal))
        elif message.recipients or message.data:
            reply = LEFT_IN_DATA if message.data else LEFT
            self._try_to_record(message, asked, "dropped", Changes(final=reply))

    def _try_to_record(self, message: Message, asked: list[Asked], verdict: str, changes: Changes) -> None:
        """Record what was not taken anyway; a journal that cannot be written changes nothing for the sender."""
        try:
            self.record(message, asked, verdict, changes)
        except OSError as reason:
            LOG.error("no record of %s: %s", message.id, reason)


def _undone(changes: Changes) -> str:
    """The verdict when the actions were taken back: their reply says whether for good, "" when they were not."""
    return ("reject" if changes.final.startswith("5") else "tempfail") if changes.undone else ""


def _with_code(refusal: str) -> str:
    """The whole reply: Postfix gives us its enhanced code and its words only."""
    code = next((code for words, code in CODES if words in refusal), f"{refusal[:1]}50")
    return f"{code} {refusal}" if refusal[:2] in ("4.", "5.") else refusal
