"""Service > Full-Text Search: how far the index is, paused and resumed (rows PR10, PR11)."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, route

AREA = "settings"

STATE = {
    "state": "indexing",
    "users_done": 1,
    "users_total": 3,
    "messages": 1834,
    "bytes": 1520000,
    "current": {"user": "ben", "folder": "INBOX", "messages": 512},
    "failed": [],
    "ready": None,
}


class Paused(Asked):
    """Whether indexing rests."""

    paused: bool


@route(
    WINDOW,
    "GET",
    "api/search-index",
    summary="How far the full-text search has indexed mail",
    answer="`state` is off, removing, indexing, paused or ready. `messages` and `bytes`: indexed so far, and what the "
    "index takes. `current`: what is being indexed, or null. `failed`: users whose mail could not be indexed; they are "
    "tried again. `ready`: since when, in seconds since the epoch, or null.",
    example=STATE,
    errors=(503,),
)
def read(call: Call) -> Any:
    return asking.job("search.read")


@route(
    WINDOW,
    "POST",
    "api/search-index",
    summary="Index nothing more for now, or go on; a folder under way is finished",
    answer="How far it is, as it is read. The job process records it.",
    example={**STATE, "state": "paused", "current": None},
    body=Paused,
    errors=(503,),
    asked={"paused": True},
)
def pause(call: Call) -> Any:
    return asking.job("search.pause", paused=call.body.paused, who=call.user, where=call.address)
