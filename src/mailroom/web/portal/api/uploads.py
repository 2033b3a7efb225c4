"""Files that are attached to a message that is being written."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.web import asking
from mailroom.web.portal import uploads
from mailroom.web.portal.api.session import Nothing
from mailroom.web.route import PORTAL, USER, Call, Query, route


class Named(Query):
    """The file's name, and its MIME type if it is known."""

    name: str = Field(min_length=1, max_length=500)
    type: str = Field("application/octet-stream", max_length=100)


def bytes_max(call: Call) -> int:
    """No file may be larger than a message."""
    return int(asking.general()["max_message_mb"]) * 1024**2


@route(
    PORTAL,
    "POST",
    "api/uploads",
    role=USER,
    summary="Keep a file for a message; the body is the file itself. It is forgotten after a day",
    answer="Its id, for sending.",
    example={"id": "AbCdEfGhIjKlMnOpQrStUv", "name": "menu.pdf", "size": 10240},
    query=Named,
    raw=bytes_max,
    errors=(503,),
    asked={"name": "menu.pdf", "type": "application/pdf"},
)
def upload(call: Call) -> dict[str, Any]:
    assert call.stream is not None
    asked = call.query
    kept = uploads.take(call.user, asked.name, asked.type, call.stream, call.length, bytes_max(call))
    return {"id": kept.id, "name": kept.name, "size": kept.size}


@route(
    PORTAL,
    "DELETE",
    "api/uploads/{id}",
    role=USER,
    summary="Forget a file that is not to be sent after all",
    answer="Its id.",
    example={"removed": "AbCdEfGhIjKlMnOpQrStUv"},
    body=Nothing,
    errors=(404,),
    asked={"id": "AbCdEfGhIjKlMnOpQrStUv"},
)
def remove(call: Call) -> dict[str, str]:
    uploads.drop(call.user, call.path["id"])
    return {"removed": call.path["id"]}
