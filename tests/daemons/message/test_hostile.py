"""Hostile talk at every SMTP state: a clean answer, no process stops, no message is smuggled in, mail flows on."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from mail_chain import DECENT, Chain

STARTED = ("clamd", "spamd", "filter", "postfix")
EHLO, MAIL, RCPT = b"EHLO x.example\r\n", b"MAIL FROM:<evil@out.example>\r\n", b"RCPT TO:<alice@example.com>\r\n"
STATES: dict[str, tuple[bytes, ...]] = {
    "greeted": (),
    "ehlo": (EHLO,),
    "mail": (EHLO, MAIL),
    "rcpt": (EHLO, MAIL, RCPT),
    "data": (EHLO, MAIL, RCPT, b"DATA\r\n"),
}
TALK: dict[str, bytes] = {
    "half a command": b"MAI",
    "bare LF": b"NOOP\nNOOP\n",
    "bare CR": b"NOOP\rNOOP\r",
    "NUL": b"NO\0OP\r\n\0\0\0\r\n",
    "8-bit": b"\xff\xfe\x80 \xc3\x28\r\nMAIL FROM:<\xe9\xe8@\xff>\r\n",
    "an endless line": b"A" * 2_000_000 + b"\r\n",
    "endless lines": b"NOOP " + b"x" * 500 + b"\r\n" + b"X" * 1000 + b"\r\n" * 300,
    "unread pipelining": b"NOOP\r\n" * 20_000,
    "addresses": b"".join(b"RCPT TO:<%s>\r\n" % b for b in (b"", b"@", b"a@b@c", b"<<>>", b'"\\"@x', b"a" * 3000)),
    "TLS without STARTTLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 400,
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "BDAT": b"BDAT 999999999999 LAST\r\nx",
    "AUTH": b"AUTH PLAIN AGFsaWNlAHg=\r\nAUTH LOGIN\r\n*\r\n",
    "format strings": b"HELO %s%n%s%n\r\nMAIL FROM:<%n%n@%s>\r\nVRFY root\r\nEXPN x\r\nETRN x\r\n",
}


@pytest.fixture(scope="module")
def running(start: Any) -> Chain:
    limits = {"mail_delivery.general": {"max_message_mb": 2, "max_recipients": 10_000}}
    found: Chain = start(*STARTED, settings=limits)
    return found


@pytest.fixture
def chain(running: Chain) -> Iterator[Chain]:
    """The chain; afterwards the same processes serve, and mail flows."""
    before = processes(running)
    name = os.urandom(8).hex()
    yield running
    assert processes(running) == before
    assert running.send(mail(name), sender=f"{name}@out.example")[0] == 250
    running.sink.holding(name.encode())


def processes(chain: Chain) -> dict[str, tuple[int, ...]]:
    """The daemons and all of our own filter's workers."""
    found: dict[str, tuple[int, ...]] = {name: (chain.pid(name),) for name in STARTED}
    return {**found, "workers": tuple(chain.tree("filter"))}


def mail(body: str) -> bytes:
    return f"{DECENT}Message-ID: <x@out.example>\r\nSubject: x\r\n\r\n{body}\r\n".encode()


def reply(link: socket.socket) -> bytes:
    """One whole reply, or what came before the end."""
    said = b""
    while not re.search(rb"(?m)^\d{3} .*\r\n\Z", said) and (more := link.recv(65536)):
        said += more
    return said


def opened(chain: Chain, *commands: bytes) -> socket.socket:
    link = chain.connect(timeout_s=20)
    assert reply(link).startswith(b"220")
    for command in commands:
        link.sendall(command)
        assert reply(link)[:1] in b"23", command
    return link


def until_end(link: socket.socket) -> bytes:
    """Everything that is still said, after we have said all."""
    said = b""
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_WR)
        while more := link.recv(65536):
            said += more
    return said


@pytest.mark.parametrize("state", STATES)
def test_every_state_survives_every_talk(chain: Chain, state: str) -> None:
    taken = len(chain.sink.taken)
    for name, talk in TALK.items():
        with opened(chain, *STATES[state]) as link:
            link.settimeout(5)
            # A server that hangs up on such talk, or stops reading it, is right.
            with contextlib.suppress(ConnectionError, TimeoutError):
                link.sendall(talk)
            said = until_end(link)
            assert all(re.match(rb"[2345]\d\d[ -]", line) for line in said.splitlines() if line), (name, said[:200])
    assert len(chain.sink.taken) == taken


SMUGGLED = (
    b"MAIL FROM:<smuggled@out.example>\r\nRCPT TO:<alice@example.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"
)


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\0\r\n\0.\r\n"])
def test_odd_line_ends_smuggle_no_second_message(chain: Chain, end: bytes) -> None:
    """Neither here nor, by what is passed on, at the next server (RFC 5321 2.3.8, 4.1.1.4)."""
    mark = os.urandom(6).hex().encode()
    with opened(chain, *STATES["data"]) as link:
        link.sendall(b"Subject: outer\r\n\r\n" + mark + end + SMUGGLED)
        answer = reply(link)
        link.sendall(b"QUIT\r\n")
        answer += until_end(link)
    assert answer.startswith((b"250", b"5")) and answer.count(b"\r\n250") == 0
    if answer.startswith(b"250"):
        content = chain.sink.holding(mark).content
        assert b"\0" not in content and not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert not [one for one in chain.sink.taken if one.sender == "smuggled@out.example"]
    assert not chain.journal("smuggled@out.example")


def nested(depth: int) -> bytes:
    head = b"MIME-Version: 1.0\r\n"
    opening = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    closing = b"".join(b"\r\n--b%d--\r\n" % n for n in reversed(range(depth)))
    return head + opening + b"Content-Type: text/plain\r\n\r\ndeep" + closing


ODD: dict[str, bytes] = {
    "MIME nested 200 deep": nested(200),
    "messages nested 200 deep": b"MIME-Version: 1.0\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 200 + b"deep",
    "wrong charsets": b'Content-Type: text/html; charset="x-none\xff"\r\n'
    b"Subject: =?no-such?b?////?= =?utf-8?q?=ff=fe?=\r\n\r\n"
    b"<meta charset=utf-16>\xff\xfe<b>\x80",
    "bad base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n=A=!!!\xff==\r\nQ\r\n",
    "8-bit headers": b"Subject: \xe9\xff\xfe\r\nFrom: \x80\x81 <\xff@\xfe>\r\nX-\xff: y\r\n\r\nx",
    "no header": b"\r\nx",
    "no end of a header": b"Subject: x\r\n folded\r\n\tagain",
    "a folded nothing": b"Subject:\r\n \r\n\t\r\n \r\nX-Spam-Flag:\r\n YES\r\n\r\nx",
    "a long header": b"Subject: " + b"x" * 300_000 + b"\r\n\r\nx",
    "an endless line": b"Subject: x\r\n\r\n" + b"y" * 1_000_000,
    "900 headers": b"".join(b"X-%d: y\r\n" % n for n in range(900)) + b"\r\nx",
    "NUL": b"Sub\0ject: a\0b\r\nX-Spam-Flag\0: YES\r\n\r\nx\0y",
    "control characters": bytes(range(1, 10)) + b"\x0b\x0c" + bytes(range(14, 32)) + b": x\r\n\r\nx",
    "many boundaries": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5000,
    "Received with percent signs": b"Received: from %s%n (%n) by %s\r\nSubject: %n%s\r\n\r\nx",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_messages_are_judged_or_refused(chain: Chain, name: str) -> None:
    mark = os.urandom(6).hex()
    with opened(chain, EHLO, MAIL.replace(b"evil", mark.encode()), RCPT, b"DATA\r\n") as link:
        link.sendall(ODD[name] + b"\r\n.\r\n")
        answer = reply(link)
    assert answer.startswith((b"250", b"5")), answer
    record = chain.record(mark)
    assert record["verdict"] in ("deliver", "spam") if answer.startswith(b"250") else record["verdict"] == "reject"
    if answer.startswith(b"250"):
        content = chain.sink.wait(lambda taken: any(one.sender.startswith(mark) for one in taken))[-1].content
        assert b"\0" not in content
        assert b"x-spam-flag" not in content.partition(b"\r\n\r\n")[0].lower() or record["verdict"] == "spam"


def test_a_flood_of_headers_is_refused(chain: Chain) -> None:
    flood = b"".join(b"X-Flood-%d: %d\r\n" % (n, n) for n in range(20_000))
    assert chain.send(flood + b"\r\nx", sender="flood@out.example") == (554, "5.6.0 Too many headers")
    assert chain.record("flood@out.example")["checks"][-1]["check"] == "header_limit"


def test_ten_thousand_recipients(chain: Chain) -> None:
    """Row DL05, at the largest value that it takes."""
    with opened(chain, EHLO, MAIL.replace(b"evil", b"tenthousand")) as link, link.makefile("rb") as replies:
        for block in range(100):
            link.sendall(b"".join(b"RCPT TO:<u%d@example.com>\r\n" % (block * 100 + n) for n in range(100)))
            assert all(replies.readline().startswith(b"250") for _ in range(100))
        link.sendall(RCPT)
        assert replies.readline().startswith(b"452")
        link.sendall(b"DATA\r\n")
        assert replies.readline().startswith(b"354")
        link.sendall(mail("ten thousand") + b".\r\n")
        assert replies.readline().startswith(b"250")

    def reached() -> list[str]:
        return [address for one in chain.sink.taken if b"ten thousand" in one.content for address in one.recipients]

    chain.sink.wait(lambda taken: len(reached()) >= 10_000, 60)
    assert len(reached()) == len(set(reached())) == 10_000
    record = chain.record("tenthousand@out.example")
    assert len(record["recipients"]) == 10_000


def test_ten_thousand_unknown_recipients_end_the_connection(chain: Chain) -> None:
    unknown = b"".join(b"RCPT TO:<no%d@example.com>\r\n" % n for n in range(10_000))
    with opened(chain, EHLO, MAIL.replace(b"evil", b"harvest")) as link:
        with contextlib.suppress(ConnectionError):
            link.sendall(unknown)
        said = until_end(link)
    assert said.count(b"550 5.1.1") <= 20 and b"421 " in said
    assert chain.record("harvest@out.example")["verdict"] == "reject"
