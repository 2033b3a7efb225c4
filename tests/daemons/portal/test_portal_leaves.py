"""Messages of every shape at /mail, through the real Dovecot: nothing of them is lost to the reader (decision 0037)."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import pytest
from portal_house import Browser, House
from test_portal_reading import delivered

import mime_trees
from mime_trees import Maker

SEED, COUNT = 20_261_130, 40
HEAD = "From: friend@example.net\r\nTo: anna@example.com\r\nMIME-Version: 1.0\r\n"


def read(browser: Browser, subject: str) -> tuple[str, dict[str, Any]]:
    """(the document, the facts) of the message with this subject."""
    uid = delivered(browser, subject)
    page = browser.ask("GET", f"api/folders/INBOX/messages/{uid}/body")
    assert page.status == 200
    return page.body.decode(), browser.get(f"api/folders/INBOX/messages/{uid}")


def test_no_leaf_of_generated_messages_is_lost(house: House, anna: Browser) -> None:
    maker = Maker(SEED)
    trees = {f"tree {turn}": maker.tree() for turn in range(COUNT)}
    for subject, tree in trees.items():
        house.deliver("anna", mime_trees.raw(tree, head=f"{HEAD}Subject: {subject}"))
    for subject, tree in trees.items():
        body, facts = read(anna, subject)
        assert mime_trees.lost(tree, body, facts) == [], tree
        for one in facts["attachments"]:
            leaf = next(leaf for leaf in mime_trees.leaves(tree) if leaf.number == one["part"])
            saved = anna.ask("GET", f"api/folders/INBOX/messages/{facts['uid']}/parts/{one['part']}")
            assert saved.status == 200 and leaf.word.encode() in saved.body


CASES = {
    "no type": "Content-Type: text\r\n\r\nwords4711",
    "no type at all": "Content-Type: foo bar\r\n\r\nwords4711",
    "RFC 2231": "Content-Type: multipart/mixed; boundary*=us-ascii''b%20x\r\n\r\n--b x\r\n\r\nwords4711\r\n--b x--\r\n",
    "no boundary": "Content-Type: multipart/mixed\r\n\r\nwords4711",
    "wrong boundary": "Content-Type: multipart/mixed; boundary=a\r\n\r\n--b\r\n\r\nwords4711\r\n--b--\r\n",
    "nested": (
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/x; boundary*=''b%20x\r\n\r\n"
        "--b x\r\n\r\nwords4711\r\n--b x--\r\n--a--\r\n"
    ),
    "utf-8 unsaid": "\r\nwords4711 Grüße aus Köln",
    "html meta": 'Content-Type: text/html\r\n\r\n<meta charset="utf-8"><p>words4711 Grüße aus Köln',
    "padded": "Content-Transfer-Encoding: base64\r\n\r\n"
    + "\r\n".join(base64.b64encode(one.encode()).decode() for one in ("words", "4711 Grüße aus Köln")),
}


@pytest.mark.parametrize("subject", CASES)
def test_what_is_written_oddly_is_read(house: House, anna: Browser, subject: str) -> None:
    house.deliver("anna", f"{HEAD}Subject: {subject}\r\n{CASES[subject]}".encode())
    body, facts = read(anna, subject)
    assert "words4711" in body and "words4711" in facts["text"] and facts["attachments"] == []
    assert ("Gr" not in CASES[subject] and "R3LD" not in CASES[subject]) or "Grüße aus Köln" in body


def test_an_attached_message_a_file_in_uuencode_and_a_part_only_we_find(house: House, anna: Browser) -> None:
    content = (
        f"{HEAD}Subject: three files\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
        "--a\r\nContent-Type: message/rfc822\r\n\r\nFrom: in@example.net\r\nSubject: inner\r\n\r\ninner words\r\n"
        "--a\r\nContent-Type: application/octet-stream; name=hi.txt\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n"
        "begin 644 hi.txt\r\n/:&5L;&\\@=75E;F-O9&4*\r\n`\r\nend\r\n\r\n"
        "--a\r\nContent-Type: multipart/mixed; boundary*=''b\r\n\r\n--b\r\nContent-Type: text/csv\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nMTsyCg==\r\n--b--\r\n--a--\r\n"
    )
    house.deliver("anna", content.encode())
    _, facts = read(anna, "three files")
    assert [one["name"] for one in facts["attachments"]] == ["inner.eml", "hi.txt", "table.csv"]
    saved = [
        anna.ask("GET", f"api/folders/INBOX/messages/{facts['uid']}/parts/{quote(one['part'])}")
        for one in facts["attachments"]
    ]
    assert b"Subject: inner\r\n\r\ninner words" in saved[0].body
    assert [one.body for one in saved[1:]] == [b"hello uuencode\n", b"1;2\n"]
    assert saved[2].headers["content-disposition"].endswith("filename*=UTF-8''table.csv")


def test_of_two_senders_and_subjects_the_first_is_shown_in_list_and_message(house: House, anna: Browser) -> None:
    head = "From: first@example.net\r\nFrom: second@example.net\r\nSubject: first of two\r\nSubject: second\r\n"
    house.deliver("anna", f"{head}Date: Mon, 30 Nov 2026 10:00:00 -0000\r\n\r\nwords".encode())
    _, facts = read(anna, "first of two")
    assert facts["from"]["address"] == "first@example.net" and facts["repeated"] == ["from", "subject"]
    assert facts["date"] == "2026-11-30T10:00:00+00:00"


def test_addresses_that_came_in_can_be_answered(house: House, anna: Browser) -> None:
    """As the envelope has them, and from the field where the server could not read it."""
    to = 'try..this@docomo.example, =?utf-8?q?B=C3=A9n?= <user@x.example.>, "john doe"@world.example, x@my_host.example'
    head = f'From: "Jane <jd@w.example>" <jd@w.example>\r\nTo: {to}\r\nSubject: odd addresses\r\n'
    house.deliver("anna", f"{head}\r\nwords".encode())
    _, facts = read(anna, "odd addresses")
    assert facts["from"] == {"name": "Jane <jd@w.example>", "address": "jd@w.example"}
    assert [one["address"] for one in facts["to"]] == [
        "try..this@docomo.example", "user@x.example", '"john doe"@world.example', "x@my_host.example",
    ]  # fmt: skip
    assert facts["to"][1]["name"] == "Bén"


@pytest.mark.parametrize("name", ["..", "../x", "/", "a//b", "a/", "~root", "*", "%", "x" * 300, "\x7f", "\ud800"])
def test_a_name_that_no_folder_has_is_not_found(anna: Browser, name: str) -> None:
    path = f"api/folders/{quote(name, safe='', errors='surrogatepass')}/messages"
    assert anna.ask("GET", path).status == 404
    uid = anna.messages()[0]["uid"]
    moved = anna.ask("POST", "api/folders/INBOX/move", {"uids": [uid], "to": name})
    assert moved.status in (404, 422), moved.body
    assert anna.messages()[0]["uid"] == uid
