"""Nothing is cut or changed on the way through Postfix and the filter: headers, lines, eight-bit letters."""

from __future__ import annotations

import email
import os
import random
import re

import pytest

from daemons.message.conftest import Office
from mailroom.core.mail_header import FIELD_BYTES_MAX

SEED = 20261130
PLAIN = (
    b"From: alice@example.com\r\nTo: bob@world.example\r\nMessage-ID: <%b@example.com>\r\n"
    b"Date: Mon, 30 Nov 2026 10:00:00 +0000\r\n"
)
# Where Postfix cuts a header, where it begins to split lines, how much it would keep without a milter.
LIMITS = (998, 2048, 54_000, FIELD_BYTES_MAX, 60_000, 102_400)
LONG = (
    b"<p>" + b"x" * 994 + "ü".encode() + b"y" * 900 + b'<a href="https://shop.example/' + b"z" * 200 + b'">link</a></p>'
)


def header(length: int, line: int) -> bytes:
    """A To header of this many bytes, in lines of about `line`, as Postfix counts: with line feeds."""
    whole, number = b"To:", 0
    while len(whole) + line < length:
        number += 1
        whole += b"\n " + b"Member %05d of a club <m%05d@world.example>," % (number, number)
        whole = whole.ljust(len(whole.rpartition(b"\n")[0]) + line, b"x")
    return whole.ljust(length, b"y").replace(b"\n", b"\r\n")


def sent(office: Office, content: bytes, way: str) -> bytes:
    """The message at the other end, or b"" when it was refused, by 554 5.6.0."""
    mark = re.search(rb"<(\w+)@example.com>", content)
    assert mark is not None
    if way == "in":
        code, words = office.send(content, sender="bob@world.example")
    else:
        with office.signed_in() as client:
            client.mail("alice@example.com")
            client.rcpt("bob@world.example")
            code, raw = client.data(content)
            words = raw.decode()
    if code != 250:
        assert code == 554 and words.startswith("5.6.0 "), (code, words)
        return b""
    return office.sink.holding(mark[1]).content if way == "in" else office.outside.holding(mark[1])


@pytest.mark.parametrize("way", ["in", "out"])
def test_a_header_arrives_whole_or_is_refused(office: Office, way: str) -> None:
    chance = random.Random(SEED)
    refused = set()
    for limit in LIMITS:
        for length in (limit - 300, limit - 1, limit, limit + 1, limit + 300, limit + chance.randint(0, 3000)):
            line = chance.choice((60, 78, 450)) if way == "out" else chance.choice((78, 998, 2047, 5000, 200_000))
            given = header(length, line)
            content = PLAIN.replace(b"To: bob@world.example\r\n", given + b"\r\n") % os.urandom(6).hex().encode()
            got = sent(office, content + b"X-After: 1\r\n\r\nx\r\n", way)
            assert not got or b"\r\n" + given + b"\r\nMessage-ID" in got, (length, line)
            assert not got or b"X-After: 1\r\n" in got
            if not got:
                refused.add(length)
            assert (not got) == (length > FIELD_BYTES_MAX), (length, line)
    assert refused
    assert office.journal("bob@world.example")[0]["checks"][-1]["check"] == "header_limit"


@pytest.mark.parametrize("way", ["in", "out"])
def test_a_header_inside_an_attached_message_is_not_cut(office: Office, way: str) -> None:
    inner = header(150_000, 78) + b"\r\nSubject: inner\r\n\r\nx"
    body = b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--b--\r\n"
    head = (
        PLAIN % os.urandom(6).hex().encode() + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n'
    )
    assert sent(office, head + b"\r\n" + body, way).endswith(body)


def long_bodies() -> list[bytes]:
    chance = random.Random(SEED)
    pieces = (b"x", "ü".encode(), "日".encode(), b" ", b".", b"\r\n", b"\r\n.\r\n", b"\r\n..", b"\t")
    made = [b"".join(chance.choice(pieces) * chance.choice((1, 900, 3000)) for _ in range(20)) for _ in range(10)]
    return [LONG, b"x" * 1_000_000, "ü".encode() * 300_000, *made]


def test_long_lines_are_stored_as_they_came(office: Office) -> None:
    for body in long_bodies():
        head = PLAIN % os.urandom(6).hex().encode() + b"Content-Type: text/html; charset=utf-8\r\n"
        got = sent(office, head + b"\r\n" + body.rstrip(b"\r\n") + b"\r\n", "in")
        assert got.partition(b"\r\n\r\n")[2] == body.rstrip(b"\r\n") + b"\r\n"


def test_long_lines_leave_as_what_every_server_takes(office: Office) -> None:
    office.outside.words = ("8BITMIME",)
    for body in long_bodies():
        head = PLAIN % os.urandom(6).hex().encode() + b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
        got = sent(office, head + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + body.rstrip(b"\r\n") + b"\r\n", "out")
        assert max(map(len, got.split(b"\r\n"))) <= 998
        read = email.message_from_bytes(got)
        assert read.get_payload(decode=True) == body.rstrip(b"\r\n") + b"\r\n" and read.get_content_charset() == "utf-8"
    assert "every server can take" in office.journal("bob@world.example")[0]["told"][0]


def test_a_long_header_line_is_folded_between_words(office: Office) -> None:
    ids = b" ".join(b"<%040d.%b@example.com>" % (number, b"k" * 200) for number in range(40))
    got = sent(office, PLAIN % os.urandom(6).hex().encode() + b"References: " + ids + b"\r\n\r\nx\r\n", "out")
    assert max(map(len, got.split(b"\r\n"))) <= 998
    assert email.message_from_bytes(got)["References"].replace("\r\n", "").encode() == ids


def test_signed_mail_leaves_as_it_is_and_the_journal_says_so(office: Office) -> None:
    head = PLAIN % os.urandom(6).hex().encode() + b"DKIM-Signature: v=1; d=example.com; b=%b\r\n" % (b"Q" * 1500)
    got = sent(office, head + b"\r\n" + LONG + b"\r\n", "out")
    assert head in got and got.endswith(b"\r\n" + LONG + b"\r\n")
    assert "it is signed or encrypted" in office.journal("bob@world.example")[0]["told"][0]


def test_eight_bit_letters_reach_a_server_without_8bitmime(office: Office) -> None:
    office.outside.words = ("PIPELINING",)
    text = "Grüße aus Köln, 日本\r\n".encode() * 20
    part = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text
    head = PLAIN % os.urandom(6).hex().encode() + b"MIME-Version: 1.0\r\n"
    nested = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' + part + b"\r\n--b--\r\n"
    for whole in (part, nested):
        got = sent(office, head.replace(b"<", b"<n" if whole is nested else b"<") + whole, "out")
        assert got.isascii()
        read = [one for one in email.message_from_bytes(got).walk() if not one.is_multipart()]
        assert [one.get_payload(decode=True).rstrip() for one in read] == [text.rstrip()]  # type: ignore[union-attr]
