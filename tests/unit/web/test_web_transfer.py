"""Bytes before declarations: transfer encodings as programs write them, and charsets that are not what they say."""

from __future__ import annotations

import base64
import binascii
import quopri
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.web.portal import transfer, words

WORDS = "Grüße aus Köln"
DATA = st.binary(max_size=300)
SIZES = st.integers(1, 100)


def uuencoded(data: bytes, end: bytes = b"\r\n") -> bytes:
    lines = [binascii.b2a_uu(data[at : at + 45]).rstrip(b"\n") for at in range(0, len(data), 45)]
    return end.join([b"begin 644 a.bin", *lines, b"`", b"end", b""])


def in_pieces(content: bytes, size: int, encoding: str) -> bytes:
    return b"".join(transfer.pieces([content[at : at + size] for at in range(0, len(content), size)], encoding))


@given(chunks=st.lists(st.binary(min_size=1, max_size=50), max_size=6), size=SIZES, lines=st.booleans())
def test_base64_in_padded_pieces(chunks: list[bytes], size: int, lines: bool) -> None:
    """Each padded for itself, as Logwatch and Mailman write it, wherever the reading is cut."""
    content = (b"\r\n" if lines else b"").join(map(base64.b64encode, chunks))
    assert transfer.decoded(content, "base64") == in_pieces(content, size, "base64") == b"".join(chunks)


@given(data=DATA, size=SIZES, name=st.sampled_from(["x-uuencode", "uuencode", "X-UUENCODE", "x-uue", "uue"]))
def test_uuencode(data: bytes, size: int, name: str) -> None:
    for end in (b"\r\n", b"\n"):
        content = b"a line before\n" + uuencoded(data, end) + b"and behind\n"
        assert transfer.decoded(content, name) == in_pieces(content, size, name) == data


def test_uuencode_as_it_arrives() -> None:
    assert (
        transfer.decoded(b"begin 644 hi.txt\r\n/:&5L;&\\@=75E;F-O9&4*\r\n`\r\nend\r\n", "x-uuencode")
        == b"hello uuencode\n"
    )
    # Blanks at line ends get lost on the way, as may the end.
    blanks = uuencoded(bytes(100)).replace(b"`", b" ")
    assert transfer.decoded(b"\n".join(line.rstrip() for line in blanks.split(b"\n")), "uuencode") == bytes(100)
    assert transfer.decoded(uuencoded(b"abc").partition(b"`")[0], "uuencode") == b"abc"
    for none in (b"", b"no such thing", b"begin the day\n" * 10_000):
        assert transfer.decoded(none, "uuencode") == none == in_pieces(none, 50_000, "uuencode")


@given(data=DATA, size=SIZES)
def test_quoted_printable(data: bytes, size: int) -> None:
    content = quopri.encodestring(data)
    assert in_pieces(content, size, "quoted-printable") == transfer.decoded(content, "quoted-printable")


@given(data=DATA, size=SIZES, encoding=st.sampled_from(["base64", "quoted-printable", "uuencode", "8bit", "none", ""]))
def test_no_content_ever_raises(data: bytes, size: int, encoding: str) -> None:
    assert isinstance(in_pieces(data, size, encoding), bytes)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "uuencode"])
def test_no_encoding_costs_more_than_its_size(encoding: str) -> None:
    """CPU time of four times as much, with room for a busy machine."""
    for piece in (b"=", b"\n", b"a", b"=a", b"begin 644 x", b"begin 644 x\n", b" \n", b"M", b"=\n"):
        taken = []
        for size in (250_000, 1_000_000):
            content = b"begin 644 x\n" + piece * (size // len(piece))
            began = time.process_time()
            in_pieces(content, 100_000, encoding)
            taken.append(time.process_time() - began)
        assert taken[1] < 10 * taken[0] + 0.1, (piece, taken)


@pytest.mark.parametrize(
    "charset", ["", "us-ascii", "iso-8859-1", '"utf-8', "windows-1252", "cp1250", "koi8-r", "x-none"]
)
@pytest.mark.parametrize("html", [False, True])
def test_what_is_utf_8_is_read_so(charset: str, html: bool) -> None:
    assert words.text(WORDS.encode(), charset, html) == WORDS
    assert words.header(f"=?{charset or 'us-ascii'}?b?{base64.b64encode(WORDS.encode()).decode()}?=".encode()) == WORDS


@pytest.mark.parametrize(
    ("text", "codec", "charset", "html"),
    [
        (WORDS, "latin-1", "", False),
        (WORDS, "latin-1", "us-ascii", False),
        (WORDS, "latin-1", "utf-8", False),
        ("„Zitat“ zu 5 €", "cp1252", "iso-8859-1", False),
        ("Привет", "koi8-r", "koi8-r", False),
        ("日本語", "iso-2022-jp", "us-ascii", False),
        ("日本語", "shift_jis", "shift_jis", False),
        ("你好", "gbk", "gb2312", False),
        ("日本語です", "utf-8", "shift_jis", False),
        ("你好世界", "utf-8", "gb2312", False),
        (WORDS, "utf-16", "us-ascii", False),
        ("<p>ü", "utf-16-le", "utf-16le", True),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"><p>Zażółć', "iso-8859-2", "", True),
        ("<meta charset=windows-1251><p>Привет", "cp1251", "us-ascii", True),
        ("<meta charset=iso-8859-2><p>Zażółć", "utf-8", "us-ascii", True),
        ("<meta charset='utf-16'><p>ü", "cp1252", "us-ascii", True),
        ("<meta charset=iso-8859-5><p>ü", "cp1252", "iso-8859-1", True),
    ],
)
def test_what_the_bytes_are_goes_before_what_is_said(text: str, codec: str, charset: str, html: bool) -> None:
    assert words.text(text.encode(codec), charset, html) == text


def test_half_a_letter_at_the_end_of_what_was_cut_does_no_harm() -> None:
    assert words.text("Grüße".encode()[:3], "us-ascii") == "Gr"
    assert words.text("Grüße, 日本".encode()[:-1], "utf-8") == "Grüße, 日"
