"""The milter side of a message, spoken on the wire: what Postfix would send, what it would get back."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from filter_rules import RULES
from mailroom.core import paths
from mailroom.filtering import milter, order, pipeline, session
from mailroom.filtering.checks import size_limit
from mailroom.filtering.ids import new_id, time_of
from mailroom.filtering.message import Answer, Asked, Changes, Message, Recipient
from mailroom.filtering.milter import packet
from mailroom.filtering.rules import Rules
from mailroom.filtering.session import Session

OFFER = packet(b"O", struct.pack("!III", 6, 0x1FF, 0x1FFFFF))


class Scripted:
    """A scanner that says what the test wants."""

    def __init__(self, name: str, answer: Answer | Exception) -> None:
        self.NAME, self.TITLE, self.answer = name, name, answer

    def applies(self, message: Message, rules: Rules) -> bool:
        return True

    async def check(self, message: Message, rules: Rules) -> Answer:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Nobody:
    """Guessing when nobody guesses, and the daily quota when nobody sends."""

    def blocks(self, message: Message, rules: Rules) -> bool:
        return False

    def refused(self, message: Message, recipient: Recipient, rules: Rules) -> None:
        return None

    take = settle = addresses_of = is_over = lambda *_, **__: None


class Wire:
    """Runs a session on bytes given in advance and collects what it says and records."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules, self.said, self.turns = rules, b"", 4
        self.guessing: Any = Nobody()
        self.quota: Any = self.guessing
        self.accounts: Any = self.guessing
        self.is_return = lambda address: False
        self.records: list[tuple[Message, list[Asked], str, Changes]] = []
        self.wholes: list[bytes] = []

    def record(self, message: Message, asked: list[Asked], verdict: str, changes: Changes) -> None:
        self.wholes.append(message.whole())
        self.records.append((message, asked, verdict, changes))

    def write(self, content: bytes) -> None:
        self.said += content

    async def drain(self) -> None:
        return None

    def close(self) -> None:
        return None

    def talk(self, *packets: bytes, end: bytes = packet(b"Q")) -> list[bytes]:
        self.said = b""

        async def run() -> None:
            reader = asyncio.StreamReader()
            reader.feed_data(b"".join(packets) + end)
            reader.feed_eof()
            scanning = asyncio.Semaphore(self.turns)
            talking = Session(
                lambda: self.rules, self.record, scanning, self.guessing, self.quota, self.accounts, self.is_return
            )
            await talking.run(reader, self)  # type: ignore[arg-type]

        asyncio.run(run())
        replies, rest = [], self.said
        while rest:
            (length,) = struct.unpack("!I", rest[:4])
            replies.append(rest[4 : 4 + length])
            rest = rest[4 + length :]
        return replies


def mail(body: bytes = b"hello\r\n", headers: tuple[tuple[bytes, bytes], ...] = ()) -> list[bytes]:
    """A whole transaction."""
    packets = [
        OFFER,
        packet(b"D", b"Cj\0mail.example.com\0{daemon_name}\0smtp\0"),
        packet(b"C", b"host.example\x004\x00\x19192.0.2.1\0"),
        packet(b"H", b"helo.example\0"),
        packet(b"M", b"<bob@out.example>\0"),
        packet(b"R", b"<alice@example.com>\0"),
    ]
    packets += [packet(b"L", name + b"\0" + value + b"\0") for name, value in headers]
    pieces = [packet(b"B", body[start : start + 65535]) for start in range(0, len(body), 65535)]
    return [*packets, packet(b"T"), packet(b"D", b"Ei\0QUEUE1\0"), *pieces, packet(b"E")]


@pytest.fixture
def scanners(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(*answers: Answer | Exception) -> None:
        checks = tuple(Scripted(f"scanner{number}", answer) for number, answer in enumerate(answers))
        monkeypatch.setattr(pipeline, "CONTENT", (order.Stage("scanners", checks, together=True),))

    return use


def test_clean_mail_is_accepted_with_its_id_and_recorded(scanners: Any) -> None:
    scanners(Answer("pass", score=1.5))
    wire = Wire()
    replies = wire.talk(*mail(headers=((b"Subject", b" x"),)))
    message, asked, verdict, _ = wire.records[0]
    assert replies[-1] == b"a" and verdict == "deliver"
    assert b"hX-Mailroom-ID\0 " + message.id.encode() + b"\0" in replies
    assert (message.sender, message.queue_id, message.client.address) == ("bob@out.example", "QUEUE1", "192.0.2.1")
    assert [one.check for one in asked] == ["size_limit", "hop_limit", "scanner0"]
    assert wire.wholes == [b"Subject: x\r\n\r\nhello\r\n"]


def test_forged_headers_of_ours_are_removed_from_the_last_up(scanners: Any) -> None:
    scanners()
    forged = (
        (b"X-Spam-Flag", b" YES"),
        (b"Subject", b" x"),
        (b"x-spam-flag", b" NO"),
        (b"X-Mailroom-ID", b" 1"),
        (b"Authentication-Results", b" mail.example.com; spf=pass"),
        (b"Authentication-Results", b" other.example; spf=pass"),
    )
    replies = Wire().talk(*mail(headers=forged))
    removed = [reply[1:] for reply in replies if reply[:1] == b"m"]
    assert removed == [
        struct.pack("!I", 1) + b"Authentication-Results\0\0",
        struct.pack("!I", 1) + b"X-Mailroom-ID\0\0",
        struct.pack("!I", 2) + b"x-spam-flag\0\0",
        struct.pack("!I", 1) + b"X-Spam-Flag\0\0",
    ]


def test_spam_gets_its_flag_and_words_before_the_subject(scanners: Any) -> None:
    scanners(Answer("spam", score=9.0))
    replies = Wire().talk(*mail(headers=((b"Subject", b" =?utf-8?q?Caf=C3=A9?="),)))
    assert b"m\0\0\0\x01Subject\0 ***SPAM*** =?utf-8?q?Caf=C3=A9?=\0" in replies
    assert b"hX-Spam-Flag\0 YES\0" in replies


@pytest.mark.parametrize(
    ("answers", "verdict", "last"),
    [
        ((Answer("virus", "Eicar"), Answer("spam", score=9)), "delete", b"d"),
        ((Answer("tempfail", reply="451 4.7.1 later"), Answer("virus")), "tempfail", b"y451 4.7.1 later\0"),
        ((Answer("reject", reply="550 5.7.1 100% no"), Answer("spam")), "reject", b"y550 5.7.1 100%% no\0"),
        ((ValueError("a fault of ours"),), "tempfail", b"y451 4.3.0 Try again later\0"),
        ((Answer("unscanned"),), "deliver", b"a"),
    ],
)
def test_the_heaviest_answer_is_the_verdict(scanners: Any, answers: Any, verdict: str, last: bytes) -> None:
    scanners(*answers)
    wire = Wire(replace(RULES, antivirus=replace(RULES.antivirus, action="delete")))
    assert wire.talk(*mail())[-1] == last
    assert wire.records[0][2] == verdict


def test_too_large_a_message_is_refused_before_any_scanner(scanners: Any) -> None:
    scanners(ValueError("must not be asked"))
    wire = Wire()
    replies = wire.talk(*mail(body=b"x" * (1024 * 1024 + size_limit.COMPLETED_BYTES_MAX + 1)))
    assert replies[-1].startswith(b"y552 5.3.4")
    assert [one.check for one in wire.records[0][1]] == ["size_limit"]


def test_a_journal_that_cannot_be_written_turns_into_4xx_and_the_quarantine_forgets(
    scanners: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "QUARANTINE", tmp_path)
    monkeypatch.setattr(paths, "CONDITIONS", tmp_path / "conditions")
    scanners(Answer("virus", "Eicar"))
    wire = Wire()
    assert wire.talk(*mail())[-1] == b"d"
    assert {file.suffix for file in tmp_path.rglob("*.*")} == {".eml", ".json"}
    kept = set(tmp_path.rglob("*.*"))

    def refuse(*_: Any) -> None:
        assert set(tmp_path.rglob("*.*")) > kept
        raise OSError("disk full")

    wire.record = refuse  # type: ignore[method-assign]
    assert wire.talk(*mail())[-1].startswith(b"y451 ")
    assert set(tmp_path.rglob("*.*")) == kept


def test_nothing_is_done_when_postfix_did_not_wait(
    scanners: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "QUARANTINE", tmp_path)
    scanners(Answer("virus", "Eicar"))
    wire = Wire()
    wire.talk(*mail(), end=b"")
    assert wire.records[0][2] == "dropped" and list(tmp_path.iterdir()) == []


def test_a_message_that_waits_too_long_for_its_turn_is_put_off(scanners: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "JUDGE_LIMIT_S", 0.01)
    scanners()
    wire = Wire()
    wire.turns = 0
    assert wire.talk(*mail())[-1].startswith(b"y451 4.3.2")
    assert wire.records[0][2] == "tempfail" and wire.records[0][1][0].check == "deadline"


@pytest.mark.parametrize(
    ("headers", "check", "reply"),
    [
        ((b"X", b" y"), "header_limit", b"y554 5.6.0"),
        ((b"received", b" from a"), "hop_limit", b"y554 5.4.6"),
    ],
)
def test_floods_of_headers_are_refused(scanners: Any, headers: tuple[bytes, bytes], check: str, reply: bytes) -> None:
    scanners(ValueError("must not be asked"))
    wire = Wire()
    assert wire.talk(*mail(headers=(headers,) * (1001 if check == "header_limit" else 5)))[-1].startswith(reply)
    assert wire.records[0][1][-1].check == check


def test_the_recipient_limit_is_told_when_it_is_reached(scanners: Any) -> None:
    scanners()
    wire = Wire()
    packets = mail()
    wire.talk(*packets[:5], *[packet(b"R", b"<alice@example.com>\0")] * 3, *packets[6:])
    assert wire.records[0][1][0].check == "recipient_limit" and wire.records[0][2] == "deliver"


def refused(address: bytes, text: bytes, code: bytes = b"5.1.1") -> list[bytes]:
    macros = b"R{rcpt_mailer}\0error\0{rcpt_host}\0" + code + b"\0{rcpt_addr}\0" + text + b"\0"
    return [packet(b"D", macros), packet(b"R", address)]


def test_refused_recipients_are_recorded_with_their_reply(scanners: Any) -> None:
    scanners()
    wire = Wire()
    opening = mail()[:5]
    wire.talk(*opening, *refused(b"<nobody@example.com>\0", b"User unknown"), packet(b"A"))
    message, asked, verdict, changes = wire.records[0]
    assert verdict == "reject" and asked[0].check == "recipient" and asked[0].answer.setting == "account.user"
    assert changes.final == "550 5.1.1 User unknown" == message.recipients[0].refusal


def test_a_client_that_leaves_half_way_is_recorded_as_dropped(scanners: Any) -> None:
    scanners()
    wire = Wire()
    wire.talk(*mail()[:-2])
    assert wire.records[0][2] == "dropped"


@pytest.mark.parametrize(
    "bytes_on_the_wire",
    [
        b"",
        b"\0",
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"\0\0\0\x05O\0\0\0\x06",
        packet(b"O", struct.pack("!III", 2, 0, 0)),
        OFFER + packet(b"C"),
        OFFER + packet(b"C", b"\0\0\0") + packet(b"H") + packet(b"M") + packet(b"R") + packet(b"E"),
        OFFER + packet(b"L", b"no end"),
        OFFER + packet(b"M", b"<a@b>\0") + packet(b"L", b"no end"),
        OFFER + packet(b"\xfe", b"\0" * 50),
        OFFER + packet(b"D", b"M\0\0\0only\0names"),
    ],
)
def test_nonsense_ends_the_session_and_nothing_else(bytes_on_the_wire: bytes) -> None:
    Wire().talk(bytes_on_the_wire)


def test_who_offers_less_than_is_needed_is_not_talked_to() -> None:
    assert Wire().talk(packet(b"O", struct.pack("!III", 6, 0x1FF, 0x7F))) == []
    assert Wire().talk(OFFER) == [b"O" + struct.pack("!III", 6, milter.WANTED_ACTIONS, milter.WANTED_EVENTS)]


def test_ids_sort_by_time_and_tell_it() -> None:
    early, late = new_id(1_000_000.0), new_id(1_000_000.5)
    assert early < late and len(early) == 26
    assert time_of(late) == pytest.approx(1_000_000.5)
