"""What happens on the server, live."""

from __future__ import annotations

from mailroom.web.route import WINDOW, Call, Stream, route

AREA = "server"


@route(
    WINDOW,
    "GET",
    "api/events",
    summary="An event stream of what changes",
    answer="Events named `change`; the page then reads again what it shows. A comment every 15 seconds.",
    example='event: change\ndata: {"kind": "settings", "id": 12}\n\n',
    made="text/event-stream",
    errors=(503,),
)
def events(call: Call) -> Stream:
    from mailroom.web import waiting

    waiting.refuse()
    return Stream("changes")
