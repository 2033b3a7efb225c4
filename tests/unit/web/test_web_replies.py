"""What a refusal of the mail server means: no word of another program reaches a person."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from mailroom.filtering.body import Body
from mailroom.filtering.checks import daily_quota, header_limit, sender_login, smtputf8
from mailroom.filtering.message import Client, Message
from mailroom.web.portal import replies

TO = "anna@example.com"
RECIPIENT = [
    (550, "5.1.1 <anna@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
     "There is no mailbox anna@example.com."),
    (550, "5.1.1 <x>: Recipient address rejected: User unknown", "There is no mailbox anna@example.com."),
    (501, "5.1.3 Bad recipient address syntax", "anna@example.com is no mail address that can be reached."),
    (550, "5.1.2 <x>: Recipient address rejected: Domain not found",
     "The domain of anna@example.com does not exist, or takes no mail."),
    (450, "4.1.2 <x>: Recipient address rejected: Domain not found",
     "The domain of anna@example.com does not exist, or takes no mail."),
    (552, "5.2.2 <x>: Quota exceeded", "The mailbox of anna@example.com is full."),
    (452, "4.5.3 Error: too many recipients", "There are too many recipients."),
    (450, "4.7.1 Error: too much mail from 127.0.0.1", "Too much mail was sent in a short time."),
    (554, "5.7.1 <x>: Relay access denied", "The rules of the server do not allow mail to anna@example.com."),
    (451, "4.3.5 Server configuration error", "Mail to anna@example.com cannot be taken just now."),
    (421, "4.3.2 Service not available", "Mail to anna@example.com cannot be taken just now."),
    (550, "no", "The server does not take mail to anna@example.com."),
]  # fmt: skip
MESSAGE = [
    (552, "5.3.4 Error: message file too big", "The message is too large."),
    (552, "5.3.4 Message size exceeds fixed limit", "The message is too large."),
    (452, "4.3.1 Insufficient system storage", "The disk of the server is full."),
    (550, "5.7.1 Content rejected by milter", "The rules of the server do not allow this message."),
    (451, "4.7.1 Service unavailable - try again later", "The message cannot be taken just now."),
    (554, "5.6.0 Too many headers", "A part of the message is not allowed."),
    (530, "5.7.0 Authentication required", "You are signed out."),
]


@pytest.mark.parametrize(("code", "reply", "words"), RECIPIENT)
def test_a_refused_recipient(code: int, reply: str, words: str) -> None:
    assert replies.recipient(code, reply.encode(), TO) == words


@pytest.mark.parametrize(("code", "reply", "words"), MESSAGE)
def test_a_refused_message(code: int, reply: str, words: str) -> None:
    assert replies.message(code, reply.encode())[0] == words


def test_our_filters_own_sentences_are_passed_on() -> None:
    words = "550 5.7.1 Your daily quota of 1 messages is used up; you can send again at 2026-12-01 00:00"
    assert daily_quota.__name__ and replies.message(550, words[4:].encode())[0] == f"{words[10:]}."


def test_nothing_of_any_other_reply_is_shown() -> None:
    """Whatever a server says: no code, no bracket, no word of it."""
    random.seed(7)
    for _ in range(2_000):
        code = random.choice((421, 450, 451, 452, 500, 501, 530, 550, 552, 554))
        enhanced = f"{str(code)[0]}.{random.randrange(9)}.{random.randrange(30)} " if random.random() < 0.8 else ""
        noise = "".join(random.choice("zqxj<>: \n%\x00\xff") for _ in range(random.randrange(80)))
        raw = f"{enhanced}{noise}".encode("latin-1")
        for said in (replies.recipient(code, raw, TO), *replies.message(code, raw)):
            assert not re.search(r"\d|[<>:]|zq|xj", said.replace(TO, "")) and said.endswith("."), (raw, said)


@pytest.mark.parametrize(
    "said",
    [
        "550 5.7.1 Your daily quota of 100 messages is used up; you can send again at 2026-12-01 00:00 UTC",
        "552 5.3.4 This message alone is larger than your daily traffic limit of 5 MB",
        "550 5.7.1 This message exceeds your daily traffic limit of 5 MB; it resets at 2026-12-01 00:00 UTC",
        header_limit.LONG,
        smtputf8.REPLY,
        sender_login._refused(Message("1", 0.0, Client(), Body(1000), login="ben"), "boss@example.com", "").reply,
    ],
)
def test_each_sentence_of_our_filter_is_one_that_is_translated(said: str) -> None:
    assert re.fullmatch(replies.OURS, said[10:]), said
    assert replies.message(550, said[4:].encode())[0] == f"{said[10:]}."


def test_the_filters_sentences_are_those_of_the_table() -> None:
    begins = [re.split(r" *\{", one)[0][:30] for one in replies.OWN_SENTENCES]
    checks = Path(daily_quota.__file__).parent
    names = ("daily_quota", "header_limit", "smtputf8", "sender_login")
    source = "".join((checks / f"{name}.py").read_text() for name in names)
    assert [one for one in begins if one not in source] == []
