"""What a user has open, and ending it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mailroom.accounts.signin.sessions import id_of
from mailroom.web import asking
from mailroom.web.portal import sessions as cookies
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.route import PORTAL, USER, Asked, Call, route

SHOWN = {
    "kind": "portal",
    "id": "9f2c81d40b7e11aa",
    "user": "anna",
    "opened": 1790000000.0,
    "address": "192.0.2.7",
    "connections": None,
    "current": True,
}


class End(Asked):
    """Which session, as the list tells it."""

    kind: Literal["portal", "window", "imap", "pop3"]
    id: str = Field(min_length=1, max_length=200)


@route(
    PORTAL,
    "GET",
    "api/sessions",
    role=USER,
    summary="What the user has open",
    answer="Sessions of portal and window, and connections of mail programs, counted by protocol and address. current: "
    "the one that asks.",
    example={"sessions": [SHOWN]},
    errors=(503,),
)
def sessions(call: Call) -> Any:
    own = id_of(call.session.token)
    found = asking.job("sessions.list", user=call.user)["sessions"]
    return {"sessions": [{**one, "current": one["kind"] == "portal" and one["id"] == own} for one in found]}


@route(
    PORTAL,
    "POST",
    "api/sessions/end",
    role=USER,
    summary="End one of the user's own sessions",
    answer="How many. A mail program that knows the password connects again. The job process records it.",
    example={"ended": 1},
    body=End,
    errors=(404, 503),
    asked={"kind": "portal", "id": "9f2c81d40b7e11aa"},
)
def end(call: Call) -> Any:
    asked = call.body
    done = asking.job("sessions.end", kind=asked.kind, id=asked.id, user=call.user, who=call.user, where=call.address)
    if asked.kind == "portal" and asked.id == id_of(call.session.token):
        cookies.forget(call.session)
        POOL.drop(call.session)
    return done
