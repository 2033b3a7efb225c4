"""The journal of messages: what came, and what became of it (row SL01)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.core.deliveries import STATUSES
from mailroom.web import asking
from mailroom.web.route import WINDOW, Call, Query, Whole, route

AREA = "messages"

ROW = {
    "id": "2k9x1f",
    "time": 1790000000.0,
    "sender": "ben@example.net",
    "recipients": ["anna@example.com"],
    "size": 2048,
    "verdict": "deliver",
    "queue_id": "4F2A1C",
    "login": "",
    "client": "192.0.2.7",
    "status": "waiting",
}
SUMMARY = {**ROW, "counts": [{"state": "waiting", "recipients": 1}]}
RECORD = {
    **ROW,
    "recipients": [{"address": "anna@example.com", "refusal": ""}],
    "client_name": "mail.example.net",
    "helo": "mail.example.net",
    "daemon": "smtpd",
    "tls": "TLSv1.3",
    "message_id": "<1@example.net>",
    "answer": {
        "text": "Waiting: The other server refuses connections.",
        "since": 1790000001.0,
        "next_try": 1790000061.0,
        "time": None,
    },
    "deliveries": [
        {
            "address": "anna@example.com",
            "original": "",
            "state": "waiting",
            "server": "",
            "words": "connect to mx.example.net[192.0.2.9]:25: Connection refused",
            "text": "Waiting: The other server refuses connections.",
            "since": 1790000001.0,
            "time": 1790000001.0,
            "next_try": 1790000061.0,
            "attempts": 1,
            "folder": "",
            "queue_id": "4F2A1C",
        }
    ],
    "actions": ["spam_header"],
    "told": ["The disclaimer Legal was added."],
    "copies": ["archive@example.com"],
    "reply": "",
    "checks": [
        {
            "check": "spamassassin",
            "title": "SpamAssassin",
            "ms": 150.2,
            "result": "pass",
            "score": -1.0,
            "detail": "",
            "reply": "",
            "setting": "security.spam.on",
        }
    ],
}


class Listed(Query):
    """Which messages, newest first. search: part of an address. since, until: seconds since the epoch, 0: no limit."""

    search: str = Field("", max_length=200)
    offset: Whole = 0
    limit: int = Field(50, ge=1, le=500)
    status: str = Field("", pattern=f"^({'|'.join(STATUSES)})?$")
    since: float = Field(0.0, ge=0, le=1e11)
    until: float = Field(0.0, ge=0, le=1e11)


@route(
    WINDOW,
    "GET",
    "api/messages",
    summary="The newest messages",
    answer="How many match, and a slice of them, newest first.",
    example={"total": 1, "messages": [SUMMARY]},
    query=Listed,
    errors=(503,),
)
def listed(call: Call) -> Any:
    return asking.job("messages.list", **call.query.model_dump())


@route(
    WINDOW,
    "GET",
    "api/messages/{id}",
    summary="What became of one message, and why",
    answer="The whole record: its `status`, the `answer` to what became of it, and each recipient under `deliveries`.",
    example={**RECORD, "explain": ["Waiting: The other server refuses connections."]},
    errors=(404, 503),
    asked={"id": "2k9x1f"},
)
def show(call: Call) -> Any:
    return asking.job("messages.show", id=call.path["id"])
