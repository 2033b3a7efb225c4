"""A message of the quarantine as plain text: nothing of it is markup, and nothing costs more than its size."""

from __future__ import annotations

import random
import time

import pytest

from mailroom.web.portal.kept import READ_BYTES_MAX, view

BOTH = (
    b'From: a@b\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="q"\r\n\r\n'
    b"--q\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"
    b'--q\r\nContent-Type: application/x-msdownload; name="invoice.exe"\r\n'
    b'Content-Disposition: attachment; filename="invoice.exe"\r\n\r\nMZ\r\n--q--\r\n'
)


def test_the_plain_part_is_shown_and_files_are_named() -> None:
    shown = view(BOTH)
    assert shown["text"] == "Gr\xfc\xdfe" and not shown["from_html"] and not shown["cut"]
    assert shown["files"] == [{"name": "invoice.exe", "type": "application/x-msdownload"}]
    assert "Subject: x" in shown["header"]


def test_html_alone_is_shown_without_its_tags() -> None:
    html = b"<style>x{}</style><script>alert(1)</script><p>Pay <a href='http://evil.example'>here</a></p>"
    shown = view(b"Content-Type: text/html\r\n\r\n" + html)
    assert shown["from_html"] and "Pay here" in shown["text"]
    assert "alert" not in shown["text"] and "<" not in shown["text"]


def test_a_header_turns_no_direction_and_ends_no_line() -> None:
    shown = view("Subject: a\u202eb\x1b[2J\r\n\r\nx".encode())
    assert "\u202e" not in shown["header"] and "\x1b" not in shown["header"]


@pytest.mark.parametrize("seed", range(60))
def test_any_bytes_are_shown_as_something(seed: int) -> None:
    chance = random.Random(seed)
    pieces = [BOTH[: chance.randrange(len(BOTH))], chance.randbytes(chance.randrange(300)), b"\r\n--q\r\n", b"\n\n"]
    shown = view(b"".join(chance.choices(pieces, k=chance.randrange(12))))
    assert isinstance(shown["text"], str) and len(shown["files"]) <= 100


@pytest.mark.parametrize(
    "piece",
    [
        b"--q\r\n",
        b"=?utf-8?q?",
        b"<a ",
        b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n",
        b"a:\r\n ",
        b"\xff",
    ],
)
def test_the_time_grows_with_the_size_alone(piece: bytes) -> None:
    def cost(count: int) -> float:
        content = (b'Content-Type: multipart/mixed; boundary="q"\r\n\r\n' + piece * count)[:READ_BYTES_MAX]
        begun = time.process_time()
        view(content)
        return time.process_time() - begun

    small, large = cost(20_000 // len(piece)), cost(640_000 // len(piece))
    assert large < 32 * 6 * max(small, 0.005)
