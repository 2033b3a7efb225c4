"""Drafts: saved while somebody writes, and opened again."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.web.portal import drafts
from mailroom.web.portal.api import send
from mailroom.web.portal.api.session import Nothing
from mailroom.web.route import PORTAL, USER, Call, route

VERSION = {"uidvalidity": 1790000000, "uid": 7}


class Saving(send.Content):
    """A draft as it is now. Recipients may be half written. replaces: the version that was saved or opened last.

    token: made for this save; attempts: those of earlier saves whose answer never came.
    """

    token: str = Field(min_length=8, max_length=64)
    attempts: list[str] = Field(default_factory=list, max_length=100)


@route(
    PORTAL,
    "POST",
    "api/drafts",
    role=USER,
    summary="Save a draft in Drafts, in the place of the version that it replaces",
    answer=(
        "Where it is now. `is_second`: the version that it was to replace is gone or was changed elsewhere; this one "
        "was stored beside it, under a Message-ID of its own, and nothing was removed."
    ),
    example={"version": VERSION, "message_id": "<k2f9@example.com>", "is_second": False},
    body=Saving,
    errors=(404, 503),
    asked={"to": ["ben"], "subject": "Lunch?", "message_id": "<k2f9@example.com>", "token": "k3Jd92mQ"},
)
def save(call: Call) -> dict[str, Any]:
    asked: Saving = call.body
    drafts.check_token(asked.token)
    known, unread = drafts.read_recipients({name: getattr(asked, name) for name in ("to", "cc", "bcc")})
    draft = send.compose(call, asked, known)
    version = drafts.Version(asked.replaces.uidvalidity, asked.replaces.uid) if asked.replaces else None
    change = drafts.Change(draft, asked.token, tuple(asked.attempts), unread, version, send.answers(asked))
    saved = drafts.save(call.session, change, send.max_bytes())
    return {
        "version": {"uidvalidity": saved.version.uidvalidity, "uid": saved.version.uid},
        "message_id": saved.message_id,
        "is_second": saved.is_second,
    }


@route(
    PORTAL,
    "POST",
    "api/drafts/{uid}/open",
    role=USER,
    summary="A draft, ours or of another program, to be written on; its files are kept for a day as uploads are",
    answer="Everything that a save takes, and the version that it will replace. `message_id` may be empty: make one.",
    example={
        "version": VERSION,
        "message_id": "<k2f9@example.com>",
        "to": ["Ben <ben@example.net>"],
        "cc": [],
        "bcc": [],
        "subject": "Lunch?",
        "html": "<p>At noon?</p>",
        "attachments": [{"id": "AbCdEfGhIjKlMnOpQrStUv", "name": "menu.pdf", "size": 10240}],
        "reply_to": {"folder": "INBOX", "uid": 7},
        "references": ["<1@example.net>"],
    },
    body=Nothing,
    errors=(404, 503),
    asked={"uid": 7},
)
def opened(call: Call) -> dict[str, Any]:
    return drafts.opened(call.session, int(call.path["uid"]), send.max_bytes())
