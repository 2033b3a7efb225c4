"""What happens on the server, live."""

from __future__ import annotations

from mailroom.web.route import WINDOW, Call, Stream, route

AREA = "server"


@route(
    WINDOW,
    "GET",
    "api/events",
    summary="An event stream of what changes",
    answer="Events named `change`; the page then reads again what it shows. Every two seconds one named `sample`: what "
    "the machine does, with the names of `api/machine/history`. A comment every 15 seconds.",
    example='event: change\ndata: {"kind": "settings", "id": 12}\n\n'
    'event: sample\ndata: {"time": 1790000000.0, "cpu_percent": 3.1, "queue": 0}\n\n',
    made="text/event-stream",
    errors=(503,),
)
def events(call: Call) -> Stream:
    from mailroom.web import waiting

    waiting.refuse()
    return Stream("changes")
