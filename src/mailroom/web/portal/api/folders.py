"""Folders and the list of messages in one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field

from mailroom.web.portal import reading, search
from mailroom.web.portal.imap import mailbox, order, utf7
from mailroom.web.portal.imap.link import Link
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.route import PORTAL, USER, Asked, Call, Query, route

ROW = {
    "uid": 7,
    "from": {"name": "Ben", "address": "ben@example.net"},
    "to": [{"name": "", "address": "anna@example.com"}],
    "subject": "Lunch?",
    "date": "2026-11-24T09:00:00+00:00",
    "seen": False,
    "flagged": False,
    "answered": False,
    "attachments": False,
    "size": 2048,
    "preview": "At noon?",
}
MOVED = {"changed": 2, "moved": {"folder": "Archive", "uids": [3, 4]}}
Uid = Annotated[int, Field(ge=1, le=4_294_967_295)]
Flag = Literal["seen", "flagged", "answered"]


class Listed(Query):
    """Which messages, newest first."""

    offset: int = Field(0, ge=0, le=10_000_000)
    limit: int = Field(50, ge=1, le=500)
    search: str = Field("", max_length=200)


class Chosen(Asked):
    """Messages by their UIDs."""

    uids: list[Uid] = Field(min_length=1, max_length=10_000)


class Flags(Chosen):
    """Flags to set and to clear."""

    add: list[Flag] = Field(default_factory=list, max_length=3)
    remove: list[Flag] = Field(default_factory=list, max_length=3)


class Move(Chosen):
    """Where to: a folder's id."""

    to: str = Field(min_length=1, max_length=500)


@route(
    PORTAL,
    "GET",
    "api/folders",
    role=USER,
    summary="All folders",
    answer="The well-known ones first, each with its unread and all messages counted.",
    example={
        "folders": [
            {"id": "INBOX", "name": "INBOX", "use": "inbox", "unread": 1, "total": 12, "next_uid": 90, "depth": 0}
        ]
    },
    errors=(503,),
)
def folders(call: Call) -> dict[str, Any]:
    return {"folders": [one.shown() for one in POOL.run(call.session, mailbox.folders)]}


@route(
    PORTAL,
    "GET",
    "api/folders/{id}/messages",
    role=USER,
    summary="A page of a folder's messages, newest first, all or those that a search finds",
    answer="`total` counts all that match; `state` changes whenever the folder does.",
    example={"total": 1, "state": "1-1790000000-8-12", "messages": [ROW]},
    query=Listed,
    errors=(404, 503),
    asked={"id": "INBOX"},
)
def messages(call: Call) -> dict[str, Any]:
    asked, folder = call.query, call.path["id"]

    def work(link: Link) -> dict[str, Any]:
        mailbox.open_folder(link, folder)
        if asked.search.strip():
            total, uids = search.page(link, asked.search, asked.offset, asked.limit)
        else:
            total, uids = order.page(link, asked.offset, asked.limit)
        items = mailbox.rows(link, uids)
        shown = [reading.row(uid, items[uid]) for uid in uids if uid in items]
        return {"total": total, "state": mailbox.state(link), "messages": shown}

    return POOL.run(call.session, work, utf7.encode(folder))


@route(
    PORTAL,
    "POST",
    "api/folders/{id}/flags",
    role=USER,
    summary="Mark messages as read, flagged or answered, or take that away",
    answer="How many were asked for.",
    example={"changed": 2},
    body=Flags,
    errors=(404, 503),
    asked={"id": "INBOX", "uids": [7, 9], "add": ["seen"], "remove": []},
)
def flags(call: Call) -> dict[str, Any]:
    asked = call.body
    return _change(call, asked.uids, lambda link: mailbox.store(link, asked.uids, asked.add, asked.remove))


@route(
    PORTAL,
    "POST",
    "api/folders/{id}/move",
    role=USER,
    summary="Move messages to another folder",
    answer="How many were asked for, and where they are now, so that it can be undone.",
    example=MOVED,
    body=Move,
    errors=(404, 503),
    asked={"id": "INBOX", "uids": [7, 9], "to": "Archive"},
)
def move(call: Call) -> dict[str, Any]:
    asked = call.body
    return _change(call, asked.uids, lambda link: _moved(link, asked.uids, asked.to))


def _moved(link: Link, uids: list[int], to: str) -> dict[str, Any]:
    return {"moved": {"folder": to, "uids": mailbox.move(link, uids, to)}}


@route(
    PORTAL,
    "POST",
    "api/folders/{id}/delete",
    role=USER,
    summary="Move messages to Trash; from there, delete them for good",
    answer="How many were asked for, and where they are now; nowhere, when they were deleted for good.",
    example=MOVED,
    body=Chosen,
    errors=(404, 503),
    asked={"id": "INBOX", "uids": [7, 9]},
)
def delete(call: Call) -> dict[str, Any]:
    uids, folder = call.body.uids, call.path["id"]

    def work(link: Link) -> dict[str, Any]:
        trash = mailbox.folder_for(link, "trash")
        if folder != trash:
            return _moved(link, uids, trash)
        mailbox.delete(link, uids)
        return {"moved": None}

    return _change(call, uids, work)


def _change(call: Call, uids: list[int], change: Callable[[Link], dict[str, Any] | None]) -> dict[str, Any]:
    folder = call.path["id"]

    def work(link: Link) -> dict[str, Any]:
        mailbox.open_folder(link, folder)
        return change(link) or {}

    return {"changed": len(set(uids)), **POOL.run(call.session, work, utf7.encode(folder))}
