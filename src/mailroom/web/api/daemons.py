"""The daemons themselves."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, Query, Stream, route

AREA = "server"


class Nothing(Asked):
    """An empty object."""


@route(
    WINDOW,
    "POST",
    "api/daemons/{id}/restart",
    summary="Restart one daemon and wait until it answers",
    answer="The daemon that was restarted. The job process records it.",
    example={"restarted": "dovecot"},
    body=Nothing,
    errors=(404, 424, 503),
    asked={"id": "dovecot"},
)
def restart(call: Call) -> Any:
    return asking.job("daemons.restart", id=call.path["id"], who=call.user, where=call.address)


class Lines(Query):
    """How many of the last lines."""

    lines: Annotated[int, Field(ge=1, le=1000)] = 200


@route(
    WINDOW,
    "GET",
    "api/daemons/{id}/log",
    summary="The last lines of a daemon's log",
    answer="Oldest first, with the time of each (null where the daemon's output had none).",
    example={"lines": [{"time": 1790000000.25, "text": "daemon started -- version 3.7.11"}]},
    query=Lines,
    errors=(404, 503),
    asked={"id": "postfix"},
)
def log(call: Call) -> Any:
    return {"lines": asking.job("daemons.log", id=call.path["id"], lines=call.query.lines)["lines"]}


@route(
    WINDOW,
    "GET",
    "api/daemons/{id}/log/events",
    summary="An event stream of what a daemon writes into its log",
    answer="Events named `lines`, from now on; what was written before tells `api/daemons/{id}/log`.",
    example='event: lines\ndata: {"lines": [{"time": 1790000000.25, "text": "connect from localhost"}]}\n\n',
    made="text/event-stream",
    errors=(404, 503),
    asked={"id": "postfix"},
)
def log_events(call: Call) -> Stream:
    asking.job("daemons.log", id=call.path["id"], lines=1)
    return Stream("log", {"key": call.path["id"]})
