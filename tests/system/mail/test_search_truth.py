"""A search finds what it should, and the index changes nothing about it (RFC 3501 6.4.4, PR10)."""

from __future__ import annotations

import imaplib
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

import pytest

import searching
from desktop import Portal
from full_text import ready, with_index, without_index
from office import Office

SEED, MAILS, QUERIES = 20261130, 150, 400
FOLDER = "Truth"
HTML = """From: Friend <friend@world.example>
To: chloe@example.com
Subject: hypertext
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<style>p { border: 0 }</style><!-- comment --><p class="order">Der Pr&uuml;f<b>bericht</b> f&#252;r K<b>&ouml;</b>ln,
A&amp;B &#150; Ru&shy;he, <img src=x alt="Bild vom B&auml;r"> na&iuml;ve e&#x301;te</p><table><tr><td>eins<td>zwei
"""
READ = ("Prüfbericht", "für", "Köln", "ö", "A&B", "\u2013", "Ruhe", "Bär", "naïve", "e\u0301te", "Köln,", "eins")
NOT_READ = ("border", "order", "comment", "uuml", "einszwei", "shy", "<b>", "src")


@pytest.fixture(scope="module")
def folder(server: Office) -> Iterator[str]:
    """Chloe's folder of made-up mails, indexed; behind them the hypertext."""
    with server.imap("chloe") as client:
        client.create(FOLDER)
        for number, made in enumerate((*searching.mails(SEED, MAILS), HTML.replace("\n", "\r\n").encode())):
            flags = "(\\Seen)" if number % 3 else ""
            assert client.append(FOLDER, flags, "", made)[0] == "OK"
    server.ctl("search", "pause")
    server.ctl("search", "resume")
    ready(server)
    yield FOLDER
    with server.imap("chloe") as client:
        client.delete(FOLDER)


def test_the_index_changes_nothing(server: Office, folder: str) -> None:
    """Hundreds of searches: names of fields, one letter to ten, all scripts, NOT, OR, empty strings."""
    queries = searching.queries(SEED, QUERIES)
    there, absent = with_index(server, folder, queries), without_index(server, folder, queries)
    assert len(there) == len(absent) == QUERIES, "a search has ended the connection"
    differing = {
        queries[number]: (there[number], absent[number]) for number in there if there[number] != absent[number]
    }
    assert differing == {}
    assert sum(map(bool, there.values())) > QUERIES / 3, "the searches find too little to tell"


def test_a_field_is_searched_and_no_other(server: Office, folder: str) -> None:
    """Short words, which the index holds whole, in the field that was named; an empty one means that there is such."""
    with server.imap("chloe") as client:
        client.select(folder, readonly=True)
        subjects = client.search(None, "HEADER", "Subject", '""')[1][0].split()
        assert client.search(None, "HEADER", "X-Nope", '""')[1] == [b""]
        assert client.search(None, "HEADER", "X-Nope", '"a"')[1] == [b""]
        assert client.search(None, "SUBJECT", '"hy"')[1][0].split()[-1:] == [b"%d" % (MAILS + 1)]
        assert client.search(None, "FROM", '"hy"')[1] == [b""]
        messages = (client.fetch(str(number), "(BODY.PEEK[HEADER])")[1][0] for number in range(1, MAILS + 2))
        having = [number for number, one in enumerate(messages, 1) if b"\r\nSubject:" in one[1]]  # type: ignore[index]
        assert [int(one) for one in subjects] == having and len(having) < MAILS + 1


def last_is_found(client: imaplib.IMAP4, key: str, text: str) -> bool:
    """Whether a search finds the hypertext."""
    client.literal = text.encode()  # type: ignore[attr-defined]
    found = client.search("UTF-8", key)[1][0]
    return b"%d" % (MAILS + 1) in (found or b"").split()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_html_is_searched_as_people_read_it(server: Office, folder: str, form: str) -> None:
    """Character references, tags and soft hyphens in words, composed and decomposed; over IMAP and in the portal."""
    read = [unicodedata.normalize(form, word) for word in READ]
    with server.imap("chloe") as client:
        client.select(folder, readonly=True)
        assert [word for word in read if not last_is_found(client, "BODY", word)] == []
        assert [word for word in read if not last_is_found(client, "TEXT", word)] == []
        assert [word for word in NOT_READ if last_is_found(client, "BODY", word)] == []
    portal = Portal(server)
    portal.sign_in("chloe")
    for word in read:
        shown = portal.ask("GET", f"api/folders/{folder}/messages?search={quote(word)}")["messages"]
        assert "hypertext" in [one["subject"] for one in shown], word
