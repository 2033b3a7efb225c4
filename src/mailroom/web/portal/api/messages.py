"""One message: its head and text, its HTML as a document of its own, its attachments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Literal
from urllib.parse import quote

from pydantic import Field

from mailroom.web.portal import html, reading, uploads
from mailroom.web.portal.imap import mailbox, utf7
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.portal.imap.structure import Part
from mailroom.web.portal.leaves import PICTURES, file_name
from mailroom.web.route import PORTAL, USER, Answer, Call, Query, route
from mailroom.web.spool import spool

ATTACHMENT_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


class Peeked(Query):
    """peek: leave it unread."""

    peek: Literal["0", "1"] = "0"


class Shown(Query):
    """images: whether pictures from elsewhere may be shown."""

    images: Literal["0", "1"] = "0"
    theme: str = Field("light", pattern="^(light|dark)$")


@route(
    PORTAL,
    "GET",
    "api/folders/{id}/messages/{uid}",
    role=USER,
    summary="One message; it is then marked as read, unless peek=1",
    answer=(
        "Its head, its text, and what is attached. `remote_images`: whether it refers to pictures elsewhere. "
        "`pictures`: its own ones that its text shows. `truncated`: whether its text is too long to be shown whole; it "
        "is listed as a file, then. `repeated`: of these fields it has several; the first is shown."
    ),
    example={
        "uid": 7,
        "from": {"name": "Ben", "address": "ben@example.net"},
        "to": [{"name": "", "address": "anna@example.com"}],
        "cc": [],
        "reply_to": [],
        "subject": "Lunch?",
        "date": "2026-11-24T09:00:00+00:00",
        "message_id": "<1@example.net>",
        "seen": True,
        "flagged": False,
        "answered": False,
        "remote_images": False,
        "repeated": ["subject"],
        "truncated": False,
        "attachments": [{"part": "2", "name": "menu.pdf", "type": "application/pdf", "size": 10240}],
        "pictures": [{"part": "1.2", "name": "logo.png", "type": "image/png", "size": 2048}],
        "text": "At noon?",
    },
    query=Peeked,
    errors=(404, 503),
    asked={"id": "INBOX", "uid": 7},
)
def read(call: Call) -> dict[str, Any]:
    peek = call.query.peek == "1"

    def work(link: Link) -> dict[str, Any]:
        found = _find(link, call)
        shown = reading.view(link, found)
        if not peek and not shown["seen"]:
            mailbox.store(link, [found.uid], ["seen"], [])
            shown["seen"] = True
        return shown

    return POOL.run(call.session, work, utf7.encode(call.path["id"]))


@route(
    PORTAL,
    "GET",
    "api/folders/{id}/messages/{uid}/body",
    role=USER,
    summary="The message as a harmless HTML document, for a sandboxed frame",
    answer="HTML under a policy of its own: no script, nothing from elsewhere unless images=1.",
    example="<!doctype html><html><body><p>At noon?</p></body></html>",
    query=Shown,
    made="text/html",
    errors=(404, 503),
    asked={"id": "INBOX", "uid": 7},
)
def body(call: Call) -> Answer:
    remote = call.query.images == "1"

    def work(link: Link) -> str:
        return reading.document(link, _find(link, call), remote, call.query.theme)

    document = POOL.run(call.session, work, utf7.encode(call.path["id"]))
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": html.policy(remote)}
    return Answer(document.encode("utf-8", "replace"), 200, headers)


@route(
    PORTAL,
    "GET",
    "api/folders/{id}/messages/{uid}/parts/{part}",
    role=USER,
    summary="One attachment, to be saved",
    answer="The file. It is never shown in the page: a picture inside a message is the only other use.",
    example="...",
    made="application/octet-stream",
    errors=(404, 503),
    asked={"id": "INBOX", "uid": 7, "part": "2"},
)
def part(call: Call) -> Answer:
    def work(link: Link) -> tuple[Part, IO[bytes]]:
        part, pieces = reading.attachment(link, _find(link, call), call.path["part"])
        return part, _spooled(pieces)

    found, content = POOL.run(call.session, work, utf7.encode(call.path["id"]))
    length = content.seek(0, 2)
    content.seek(0)
    shown = uploads.plain_name(file_name(found))
    ascii_name = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in shown)
    headers = {
        "Content-Type": found.kind if found.kind in PICTURES else "application/octet-stream",
        "Content-Disposition": f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(shown, safe='')}",
        "Content-Security-Policy": ATTACHMENT_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Answer(_read(content), 200, headers, length)


def _spooled(pieces: Iterator[bytes]) -> IO[bytes]:
    """All pieces, beyond a few in a file: the connection to the mailbox is not held while somebody reads slowly."""
    file = spool()
    file.writelines(pieces)
    return file


def _read(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        while chunk := content.read(mailbox.CHUNK):
            yield chunk


def _find(link: Link, call: Call) -> reading.Message:
    mailbox.open_folder(link, call.path["id"])
    uid = int(call.path["uid"])
    return reading.message(uid, mailbox.one(link, uid, reading.VIEW))
