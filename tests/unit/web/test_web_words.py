"""Encoded words and names of strangers: read as others read them, bounded (RFC 2047)."""

from __future__ import annotations

import encodings
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.web.portal import reading, words


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("=?utf-8?B?w7w=?= =?utf-8?Q?=C3=A9a_b?= x  =?iso-8859-1?q?=fc?=", "üéa b x  ü"),
        ("Re: =?utf-8?q?=e3=81?= =?utf-8?q?=82?= and", "Re: あ and"),
        ("=?utf-8?Q?Really??=", "Really?"),
        ("=?utf-8*en?q?hi?= =?gb2312?B?xOO6ww==?=", "hi你好"),
        ("=?utf-8?B?w7w?=", "ü"),
        ("=?a?q?x", "=?a?q?x"),
        ("a =?= b =?utf-8?x?y?= =?utf-8?q?c?=", "a =?= b =?utf-8?x?y?= c"),
        ("=?us-ascii?Q?a=3Fb?=\r\n =?us-ascii?Q?_c?=", "a?b c"),
    ],
)
def test_encoded_words_are_read_as_others_read_them(value: str, meant: str) -> None:
    assert words.header(value.encode()) == meant


@given(st.lists(st.tuples(st.text(min_size=1, max_size=12), st.sampled_from(["utf-8", "utf-16"])), max_size=5))
def test_what_python_encodes_is_what_is_read(texts: list[tuple[str, str]]) -> None:
    shown = [(text.strip(), charset) for text, charset in texts if text.isprintable() and text.strip()]
    value = "".join(Header(text, charset, maxlinelen=10_000).encode() + " | " for text, charset in shown)
    assert words.header(value.encode()) == "".join(f"{text} | " for text, _ in shown).strip()


def test_a_charset_that_is_none_leaves_nothing_behind() -> None:
    """Python's own search remembers each name that was asked for, in a table without a bound."""
    before = len(encodings._cache)
    for number in range(500):
        words.header(f"=?x-{number}?q?a?=".encode())
    assert len(encodings._cache) - before < 10
    assert words.text("é".encode("koi8-r", "replace"), "KOI8-R") and words.text("я".encode("koi8-r"), "koi8-r") == "я"


def test_a_row_of_the_list_is_bounded() -> None:
    one = [b"=?utf-8?q?x?= " * 1_000, None, b"a" * 5_000, b"example.com"]
    items = {b"ENVELOPE": [b"", b"s", [one] * 200, None, None, [one] * 200, None, None, None, b""]}
    row = reading.row(1, items)
    assert len(row["to"]) == reading.ADDRESSES_IN_LISTS_MAX
    assert all(len(who["name"]) <= words.NAME_BYTES_MAX and len(who["address"]) < 1_100 for who in row["to"])


@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "gb18030", "cp932", "iso-2022-jp", "utf-16-le", "utf-7"])
def test_a_long_text_is_the_same_in_pieces(codec: str) -> None:
    """Characters of several bytes lie across the ends of pieces."""
    written = "xäb".encode(codec, "replace") + "日本語 ".encode(codec, "replace") * 18_000
    assert len(written) > 2 * words.PIECE_BYTES
    assert words.text(written, codec) == written.decode(codec)


def test_a_long_text_that_is_wrong_is_the_same_in_pieces() -> None:
    for wrong in (b"a\xff\xe3\x81", b"\xc3", b"\xe3\x81\x82\xff"):
        data = wrong * (2 * words.PIECE_BYTES // len(wrong) + 7)
        assert words._replaced(data, "utf-8") == data.decode("utf-8", "replace")


def test_of_a_parameter_the_beginning_is_read() -> None:
    long = b"%41" * words.HEADER_BYTES_MAX
    for parameters in ({"name*": b"utf-8''" + long}, {f"name*{n}*": long for n in range(9)}, {"name": long}):
        assert 0 < len(words.parameter(parameters, "name")) <= words.HEADER_BYTES_MAX


@pytest.mark.parametrize(
    ("said", "codec", "letters"),
    [
        ("KOI8-U", "koi8_u", "Привіт, ґанок їжак"),
        ("koi8-ru", "koi8_u", "їжак"),
        ("windows-874", "cp874", "สวัสดี"),
        ("x-mac-cyrillic", "mac_cyrillic", "Привет"),
    ],
)
def test_charsets_that_python_knows_by_its_own_name_only(said: str, codec: str, letters: str) -> None:
    assert words.text(letters.encode(codec), said) == letters


@pytest.mark.parametrize("raw", [b"+2AA-", b"+3AA-", b"a+2ADYAA-b", b"a+2AA- " * 20_000])
def test_no_charset_makes_half_a_character(raw: bytes) -> None:
    """UTF-7 can write one; nh3 and UTF-8 take none, and a message that holds one could not be opened."""
    for found in (words.text(raw, "utf-7"), words.header(b"=?utf-7?q?" + raw[:100] + b"?=")):
        assert found.encode() and "\ufffd" in found
    assert words.text("😀 é".encode("utf-7"), "utf-7") == "😀 é"
