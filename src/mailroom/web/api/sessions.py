"""What users have open: sessions of portal and window, connections of mail programs; ending them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, route

AREA = "sign_in"
SHOWN = {
    "kind": "imap",
    "id": "anna 192.0.2.7",
    "user": "anna",
    "opened": None,
    "address": "192.0.2.7",
    "connections": 3,
    "current": False,
}


class End(Asked):
    """Which session, as the list tells it."""

    kind: Literal["portal", "window", "imap", "pop3"]
    id: str = Field(min_length=1, max_length=200)


class EndAll(Asked):
    """Whose."""

    user: str = Field(min_length=1, max_length=256)


@route(
    WINDOW,
    "GET",
    "api/sessions",
    summary="What users have open",
    answer="Sessions of portal and window, and connections of mail programs, counted by protocol and address. opened: "
    "seconds since the epoch, null when that is not known. current: the one that asks. Connections that only send are "
    "not listed.",
    example={"sessions": [SHOWN]},
    errors=(503,),
)
def sessions(call: Call) -> Any:
    found = asking.job("sessions.list")["sessions"]
    return {"sessions": [{**one, "current": one["kind"] == "window" and one["id"] == call.desktop} for one in found]}


@route(
    WINDOW,
    "POST",
    "api/sessions/end",
    summary="End a session",
    answer="How many. A mail program that knows the password connects again. The job process records it.",
    example={"ended": 1},
    body=End,
    errors=(404, 503),
    asked={"kind": "imap", "id": "anna 192.0.2.7"},
)
def end(call: Call) -> Any:
    done = asking.job("sessions.end", kind=call.body.kind, id=call.body.id, who=call.user, where=call.address)
    asking.forget()
    return done


@route(
    WINDOW,
    "POST",
    "api/sessions/end_all",
    summary="End everything that a user has open, also what is not listed",
    answer="Whose. The job process records it.",
    example={"ended": "anna"},
    body=EndAll,
    errors=(404, 503),
    asked={"user": "anna"},
)
def end_all(call: Call) -> Any:
    done = asking.job("sessions.end_all", user=call.body.user, who=call.user, where=call.address)
    asking.forget()
    return done
