"""Header fields that this server writes: a reader decodes what was typed, programs find what they look for."""

from __future__ import annotations

import base64
import email
import email.header
import email.policy
import email.utils
import quopri
import random
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest

from mailroom.core import mail_header as fields
from mailroom.core.mail_text import text_part

SEED = 20261130
ROUNDS = 400
PIECES = (
    *(" ", "  ", "   ", "a", "Re:", "=?", "?=", "=?utf-8?q?x?=", "_", "=", "?", ".", ",", ";", ":", "@", "<", ">"),
    *("(", ")", '"', "\\", "'", "%", "*", "ü", "ß", "e\u0301", "\u0301", "Ω", "가장 높은 산", "日本語", "ไทย"),
    *("שלום", "नमस्ते", "\u00a0", "😀", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "🏴\U000e0067\U000e0062\U000e007f", "\ufffd"),
    *("Angebot Nr. 4711", "x" * 90, "ü" * 50),
)  # fmt: skip
WORD = re.compile(r"=\?utf-8\?([bq])\?([!->@-~]*)\?=")
KOREAN = "\uac00\uc7a5 \ub192\uc740 \uc0b0, \uac00\uc7a5 \uae34 \uac15"
GERMAN = (
    "Angebot Nr. 4711 \u2013 Pr\u00fcfung  der   Anlage (3\u00d7 t\u00e4glich) f\u00fcr Herrn Dr.-Ing. "
    "Wei\u00df-Gr\u00f6\u00dfenwahn, bitte bis Mittwoch zur\u00fcck \u2014 "
    "danke sch\u00f6n \U0001f600\U0001f600 und Gr\u00fc\u00dfe"
)


def texts() -> Iterator[str]:
    yield from (
        "",
        " ",
        "x",
        " x ",
        GERMAN,
        " ".join([KOREAN] * 6),
        "e\u0301" * 100,
        "a" + "\u0301" * 300,
        "\u0301",
        "👨‍👩‍👧‍👦" * 30,
    )
    chance = random.Random(SEED)
    for _ in range(ROUNDS):
        yield "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 30)))


def unfolded(raw: bytes) -> str:
    """A field's value by RFC 5322 2.2.3 alone; its lines are as long as they may be."""
    lines = raw.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(line) <= 76 and line.strip() for line in lines), lines
    assert all(line.startswith(b" ") for line in lines[1:])
    return "".join(line.decode("ascii") for line in lines).partition(":")[2]


def decoded(value: str) -> str:
    """Encoded words by RFC 2047 alone: each is whole UTF-8 of at most 75 characters."""

    def one(found: re.Match[str]) -> str:
        assert len(found[0]) <= 75
        plain = found[2].replace("_", " ").encode()
        data = base64.b64decode(found[2], validate=True) if found[1] == "b" else quopri.decodestring(plain)
        return data.decode("utf-8")

    return WORD.sub(one, re.sub(r"(\?=)[ \t]+(?==\?)", r"\1", value))


def whole(value: str) -> str:
    """As the standard library decodes it."""
    pieces = email.header.decode_header(value)
    return "".join(one if isinstance(one, str) else one.decode(kind or "ascii") for one, kind in pieces)


def test_what_is_seen_as_one_character_is_not_cut() -> None:
    seen = ("e\u0301", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "क्", "1\ufe0f\u20e3")
    chance = random.Random(SEED)
    for _ in range(ROUNDS):
        text = "".join(chance.choice((*seen, "a", " ", "😀")) for _ in range(40))
        for found in WORD.finditer(fields.text_field("Subject", text).decode()):
            # A whole word holds whole ones: as many as the same characters in a row have.
            content = decoded(found[0])
            assert "".join(fields.clusters(content)) == content
            assert not content.startswith(("\u0301", "\u200d", "🏽", "\u094d", "\ufe0f")) and not content.endswith(
                "\u200d"
            )
            assert len(re.findall("[🇩🇪]", content)) % 2 == 0


@pytest.mark.parametrize("name", ["Subject", "X-A-Header-With-A-Rather-Long-Name"])
def test_free_text_decodes_to_what_was_typed(name: str) -> None:
    for text in texts():
        raw = fields.text_field(name, text)
        value = unfolded(raw).removeprefix(" ")
        assert (value if fields.is_plain(text) and "=?" not in value else decoded(value)) == text
        assert whole(value) == text
        assert email.message_from_bytes(raw + b"\r\n", policy=email.policy.default)[name] == text


def test_names_of_people_decode_to_what_was_typed() -> None:
    chance = random.Random(SEED)
    known = [(text, f"a{chance.randint(0, 10**30)}@example.com") for text in texts() if text]
    for shown, address in known:
        raw = fields.address_field("To", [(shown, address), ("", "ben@example.net"), (shown, address)])
        value = unfolded(raw)
        # Not policy.default: it puts blanks between the encoded words of a phrase and takes double ones away.
        read = email.utils.getaddresses([value])
        assert [one for _, one in read] == [address, "ben@example.net", address]
        assert [whole(name) for name, _ in read] == [shown, "", shown]
        if "=?" in value:
            assert decoded(value.partition(" <")[0].strip()) == shown


def sections(raw: bytes, name: str) -> str:
    """A parameter by RFC 2231 alone."""
    value = raw.decode("ascii").replace("\r\n", "")
    if plain := re.search(rf'; {name}="([^"\\]*)"', value):
        return plain[1]
    if whole := re.search(rf"; {name}\*=utf-8''([^; ]*)", value):
        return unquote_to_bytes(whole[1]).decode()
    found = re.findall(rf"; {name}\*(\d+)\*=([^; ]*)", value)
    assert [int(number) for number, _ in found] == list(range(len(found)))
    return "".join(unquote_to_bytes(piece.removeprefix("utf-8''")).decode() for _, piece in found)


def test_file_names_decode_to_what_was_typed() -> None:
    for name in texts():
        if not name:
            continue
        raw = fields.file_fields("application/pdf", name)
        kind, disposition = raw.split(b"Content-Disposition:")
        assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
        assert b"=?" not in disposition and sections(disposition, "filename") == name
        read = email.message_from_bytes(raw + b"\r\n", policy=email.policy.default)
        assert read.get_content_type() == "application/pdf" and read.get_content_disposition() == "attachment"
        assert (read.get_filename() or "").strip() == name.strip()
        fallback = kind.decode().replace("\r\n", "").partition('name="')[2].removesuffix('"')
        assert (decoded(fallback) if "=?" in fallback else fallback) == name


def test_identifiers_are_never_encoded_and_stay_whole() -> None:
    chance = random.Random(SEED)
    for length in range(5, 301):
        ids = [f"<{chance.randint(0, 10**9)}.{'k' * length}"[: length - 3] + "@x>" for _ in range(3)]
        for name, words in (("In-Reply-To", ids[:1]), ("References", ids), ("Message-ID", ids[:1])):
            raw = fields.structured_field(name, *words)
            assert b"=?" not in raw and raw.replace(b"\r\n", b"").decode() == f"{name}: {' '.join(words)}"
            assert len(max(raw.split(b"\r\n"), key=len)) <= max(76, 1 + max(map(len, words)))


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@example.com", "a\nb", "a\0b", "a\x7fb", "x" * 1_000])
def test_no_field_begins_another_one(bad: str) -> None:
    with pytest.raises(ValueError, match="References"):
        fields.structured_field("References", bad)
    with pytest.raises(ValueError, match="Content-Type"):
        fields.parameter_field("Content-Type", bad, {})
    for raw in (
        fields.text_field("Subject", fields.one_line(bad)),
        fields.address_field("To", [(fields.one_line(bad), "a@b")]),
    ):
        assert len(email.message_from_bytes(raw + b"\r\n").keys()) == 1


def test_texts_are_read_as_they_were_typed() -> None:
    for text in (*texts(), "a\r\nb\rc\nd ", "\t", "From x\n.\n..\n", "x" * 3_000, "😀" * 700, "\u2028\x0b\x85"):
        raw = text_part(text)
        assert max(map(len, raw.split(b"\r\n"))) <= 76 and raw.isascii() and raw.endswith(b"\r\n")
        read = email.message_from_bytes(raw, policy=email.policy.default).get_payload(decode=True)
        assert isinstance(read, bytes)
        wanted = re.sub(r"\r\n?", "\n", text).removesuffix("\n") + "\n"
        assert read.replace(b"\r\n", b"\n").decode() == wanted
