"""Full-text search by real clients: what is found with and without an index, in which letters (PR10, PR11)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from changing import changed
from desktop import Portal
from full_text import PAGE, files, index, ready
from office import Office, until

SWITCHES = {
    "character": {"enabled": True, "character_search": True},
    "words": {"enabled": True, "character_search": False},
    "off": {"enabled": False},
}
# name: (From, To, Subject, text, transfer encoding)
LETTERS = {
    "japanese": (
        "山田太郎 <yamada@world.example>", "経理部 <chloe@example.com>", "請求書の件",
        "本日はお忙しいところ誠にありがとうございました鯖の味噌煮を食べましたので図書館へ行きます", "base64",
    ),
    "chinese": (
        "李小龙 <li@world.example>", "王明 <chloe@example.com>", "发票已经寄出",
        "我们今天去北京大学参观了博物馆并且吃了很多鱼然后才回到宾馆休息", "quoted-printable",
    ),
    "korean": (
        "김철수 <kim@world.example>", "이영희 <chloe@example.com>", "안녕하세요 여러분",
        "오늘은날씨가아주좋아서강남구청역에서만나기로했습니다 꽃을샀어요", "base64",
    ),
    "latin": (
        "Jörg Müller <joerg@world.example>", "Chloe <chloe@example.com>", "Needlework größer",
        "Der Zahnarzttermin ist verschoben; ring foo.bar@shop.example about it.", "quoted-printable",
    ),
}  # fmt: skip
# {what is looked for: who has it}, in the text or in any head
FOUND = {
    "japanese": ("鯖", "味噌", "味噌煮", "図書館", "ありがとう", "請", "請求", "山田", "経"),
    "chinese": ("鱼", "北京", "博物馆", "宾馆休息", "票", "龙", "王明"),
    "korean": ("꽃", "강남", "구청역", "날씨가아주", "안녕", "철", "영희"),
    "latin": ("needlework", "eedlewor", "Zahnarzt", "narzt", "rg", "müller", "größer", "bar@shop"),
    "": ("鮪", "大阪", "needleworks", "강북"),
}
WORDS = {word: name for name, words in FOUND.items() for word in words}
# Where the letters lie, as people see it, and as IMAP writes it (RFC 3501 5.1.3).
FOLDER, ENCODED = "Suche & 検索", '"Suche &- &aRx9Ig-"'
# Somebody's folder below one that is none itself.
LONELY = "Nowhere/Search"
HEADS = {
    ("SUBJECT", "請"): "japanese", ("SUBJECT", "发票"): "chinese", ("SUBJECT", "안녕"): "korean",
    ("SUBJECT", "needle"): "latin",
    ("FROM", "山田太郎"): "japanese", ("FROM", "李"): "chinese", ("FROM", "김"): "korean", ("FROM", "müller"): "latin",
    ("TO", "経理"): "japanese", ("TO", "王明"): "chinese", ("TO", "이영"): "korean",
    ("BODY", "鯖"): "japanese", ("BODY", "馆"): "chinese", ("BODY", "역"): "korean", ("BODY", "termin"): "latin",
    ("BODY", "請"): "", ("SUBJECT", "termin"): "", ("FROM", "chloe"): "", ("TO", "joerg"): "",
}  # fmt: skip


@pytest.fixture(scope="module")
def letters(server: Office) -> Iterator[dict[str, str]]:
    """{uid: name} of the letters in a folder of Chloe's own."""
    with server.imap("chloe") as client:
        client.create(ENCODED)
        client.create(LONELY)
        for sender, to, subject, text, encoding in LETTERS.values():
            made = server.mail("", text + "\n")
            for name, value in {"From": sender, "To": to, "Subject": subject}.items():
                del made[name]
                made[name] = value
            made.set_content(text + "\n", cte=encoding)
            assert client.append(ENCODED, "", "", made.as_bytes())[0] == "OK"
    yield dict(zip("1234", LETTERS, strict=True))
    with server.imap("chloe") as client:
        client.delete(ENCODED)
        client.delete(LONELY)


def asked(server: Office, letters: dict[str, str], *questions: tuple[str, str]) -> list[str]:
    """Who is found by each question over IMAP; names joined by a comma."""
    answers = []
    with server.imap("chloe") as client:
        client.select(ENCODED, readonly=True)
        for key, words in questions:
            client.literal = words.encode()
            found = client.uid("SEARCH", "CHARSET", "UTF-8", key)[1][0] or b""
            answers.append(",".join(letters[uid] for uid in found.decode().split()))
    return answers


@pytest.mark.parametrize("switch", SWITCHES)
def test_what_is_found(server: Office, letters: dict[str, str], switch: str) -> None:
    """PR10, PR11: the same messages with and without the index, of which there is one or not."""
    with changed(server, PAGE, **SWITCHES[switch]):
        if switch == "off":
            until(lambda: index(server)["state"] == "off", 30, "the index is removed")
        else:
            assert ready(server)["failed"] == []
        for words, found in zip(WORDS, asked(server, letters, *(("TEXT", words) for words in WORDS)), strict=True):
            assert found == WORDS[words], words
        for question, found in zip(HEADS, asked(server, letters, *HEADS), strict=True):
            assert found == HEADS[question], question
        portal = Portal(server)
        portal.sign_in("chloe")
        for words in ("鯖", "味噌", "鱼", "北京", "꽃", "강남", "eedlewor", "müller", "鯖 図書館", "鯖 北京", "大阪"):
            shown = portal.ask("GET", f"api/folders/{quote(FOLDER)}/messages?search={quote(words)}")["messages"]
            name = {"鯖 図書館": "japanese", "鯖 北京": ""}.get(words) if " " in words else WORDS[words]
            assert [letters[str(one["uid"])] for one in shown] == ([name] if name else []), words
        assert bool(files(server)) is (switch != "off")


def test_character_search_keeps_longer_pieces(server: Office, letters: dict[str, str]) -> None:
    """PR11: with it Dovecot's configuration asks for longer pieces, and the index is made anew and is larger."""
    with changed(server, PAGE, **SWITCHES["words"]):
        small = ready(server)["bytes"]
        assert "fts_squat = partial=2 full=12" in server.inside(
            "doveconf", "-c", "/data/conf/current/dovecot/dovecot.conf"
        )
        with changed(server, PAGE, **SWITCHES["character"]):
            assert ready(server)["bytes"] > small
            told = server.inside("doveconf", "-c", "/data/conf/current/dovecot/dovecot.conf")
            assert "fts_squat = partial=3 full=12" in told


def test_mail_that_came_since_is_found_at_once(server: Office) -> None:
    """PR10: nothing is indexed at delivery, and the search that comes next finds it nevertheless."""
    ready(server)
    subject = f"fresh {secrets.token_hex(4)}"
    server.deliver(subject, text="蛸が好き\n")
    server.arrived("ben", subject)
    with server.imap("ben") as client:
        client.select("INBOX", readonly=True)
        client.literal = "蛸".encode()
        assert client.search("UTF-8", "BODY")[1] != [b""]
