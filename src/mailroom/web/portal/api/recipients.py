"""Completion of recipients while somebody types."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.web.portal import completion
from mailroom.web.route import PORTAL, USER, Call, Query, route


class Typed(Query):
    """What was typed so far."""

    search: str = Field(min_length=1, max_length=200)
    limit: int = Field(8, ge=1, le=20)


@route(
    PORTAL,
    "GET",
    "api/recipients",
    role=USER,
    summary="People whose name or address begins so: written to before, users and aliases of this server",
    answer="The best first. `kind`: sent (written to before), account, alias.",
    example={"recipients": [{"name": "Ben Bauer", "address": "ben@example.net", "kind": "sent"}]},
    query=Typed,
    errors=(503,),
    asked={"search": "ben"},
)
def recipients(call: Call) -> dict[str, Any]:
    return {"recipients": completion.complete(call.session, call.query.search, call.query.limit)}
