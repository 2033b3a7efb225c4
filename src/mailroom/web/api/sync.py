"""How the accounts follow the host's users (rows AC01, AC06)."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.api.daemons import Nothing
from mailroom.web.route import WINDOW, Call, route

AREA = "accounts"

STATE = {"state": "ok", "last": 1790000000.0}


@route(
    WINDOW,
    "GET",
    "api/sync",
    summary="How the sync is doing",
    answer="state: never, ok, refused or unreachable; last: when it last went well, seconds since the epoch.",
    example=STATE,
    errors=(503,),
)
def state(call: Call) -> Any:
    return asking.job("sync.state")


@route(
    WINDOW,
    "POST",
    "api/sync/now",
    summary="Follow the host now",
    answer="The new state.",
    example=STATE,
    body=Nothing,
    errors=(503,),
    audit="sync: Asked for a sync.",
)
def now(call: Call) -> Any:
    return asking.job("sync.now")


@route(
    WINDOW,
    "POST",
    "api/sync/approve",
    summary="Agree to lose exactly the users of the refused sync, and sync",
    answer="The new state. The job process records it.",
    example=STATE,
    body=Nothing,
    errors=(404, 503),
)
def approve(call: Call) -> Any:
    return asking.job("sync.approve", who=call.user, where=call.address)
