"""Security > Quarantine: what the filter has kept, and what becomes of it (rows AV11, AV12)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from mailroom.web import asking
from mailroom.web.portal import kept
from mailroom.web.route import WINDOW, Answer, Asked, Call, Query, Whole, route

AREA = "quarantine"
POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
ID = "01KBBTS0QJ6J2Q1QTB1Y4DH6VN"
KEPT = {
    "id": ID,
    "time": 1790000000.0,
    "sender": "ben@example.net",
    "from": "Ben <ben@example.net>",
    "recipients": ["anna@example.com"],
    "subject": "Invoice",
    "size": 2048,
    "client": "192.0.2.7",
    "login": "",
    "checks": [{"check": "clamav", "title": "ClamAV", "detail": "Eicar-Signature"}],
}


class Listed(Query):
    """Which messages, newest first. search: part of an address, a subject, a number or a finding."""

    search: str = Field("", max_length=200)
    offset: Whole = 0
    limit: int = Field(100, ge=1, le=500)


class Chosen(Asked):
    """Which messages, by their numbers."""

    ids: list[str] = Field(min_length=1, max_length=500)


class One(Asked):
    """Which message, by its number."""

    id: str = Field(min_length=1, max_length=40)


@route(
    WINDOW,
    "GET",
    "api/quarantine",
    summary="The messages that are kept in the quarantine, newest first",
    answer="`total`: how many there are; `read`: how many of them were looked at; `found`: how many match; `messages`: "
    "a slice of them, with the checks that held each, and what they found.",
    example={"total": 1, "found": 1, "read": 1, "messages": [KEPT]},
    query=Listed,
    errors=(503,),
)
def listed(call: Call) -> Any:
    return asking.job("quarantine.list", **call.query.model_dump())


@route(
    WINDOW,
    "GET",
    "api/quarantine/{id}",
    summary="One message of the quarantine, as plain text",
    answer="`text`: of its plain part, else of its HTML without tags (`from_html`); `cut`: it is longer than that; "
    "`files`: what else it holds, by name; `header`: as it came.",
    example={
        **KEPT,
        "text": "Please pay.",
        "from_html": False,
        "cut": False,
        "files": [{"name": "invoice.exe", "type": "application/octet-stream"}],
        "header": "From: Ben <ben@example.net>\nSubject: Invoice",
    },
    errors=(404, 422, 503),
    asked={"id": ID},
)
def show(call: Call) -> Any:
    found = asking.job("quarantine.show", id=call.path["id"])
    piece = asking.job("quarantine.piece", id=call.path["id"])
    return {**found, **kept.view(base64.b64decode(piece["data"]))}


@route(
    WINDOW,
    "GET",
    "api/quarantine/{id}/original",
    summary="A message of the quarantine as it came, to be saved",
    answer="The file, with whatever is dangerous in it. It is never shown in a page.",
    example="...",
    made="message/rfc822",
    errors=(404, 422, 503),
    asked={"id": ID},
)
def original(call: Call) -> Answer:
    id = call.path["id"]
    first = asking.job("quarantine.piece", id=id)
    headers = {
        "Content-Type": "message/rfc822",
        "Content-Disposition": f'attachment; filename="{id}.eml"',
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Answer(_pieces(id, first), 200, headers, first["size"])


def _pieces(id: str, piece: dict[str, Any]) -> Iterator[bytes]:
    offset = 0
    while data := base64.b64decode(piece["data"]):
        yield data
        offset += len(data)
        if offset >= piece["size"]:
            return
        piece = asking.job("quarantine.piece", id=id, offset=offset)


@route(
    WINDOW,
    "POST",
    "api/quarantine/release",
    summary="Let a message of the quarantine go on to its recipients, past exactly the checks that held it",
    answer="All other checks still look at it. `recipients`: who gets it; `refused`: who is refused, and why. When "
    "it is not taken (503), it stays in the quarantine.",
    example={"released": ID, "recipients": ["anna@example.com"], "refused": []},
    body=One,
    errors=(404, 422, 503),
    asked={"id": ID},
)
def release(call: Call) -> Any:
    return asking.job("quarantine.release", id=call.body.id, who=call.user, where=call.address)


@route(
    WINDOW,
    "POST",
    "api/quarantine/delete",
    summary="Delete messages of the quarantine for good",
    answer="`done`: which; `gone`: which were not there any more.",
    example={"done": [ID], "gone": []},
    body=Chosen,
    errors=(404, 422, 503),
    asked={"ids": [ID]},
)
def delete(call: Call) -> Any:
    return asking.job("quarantine.delete", ids=call.body.ids, who=call.user, where=call.address)
