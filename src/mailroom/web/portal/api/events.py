"""New mail, live."""

from __future__ import annotations

from mailroom.web.route import PORTAL, USER, Call, Stream, route


@route(
    PORTAL,
    "GET",
    "api/events",
    role=USER,
    summary="An event stream of folders in which something has changed",
    answer="Events named `mail`; the page then reads the folder again. A comment every 15 seconds.",
    example='event: mail\ndata: {"folder": "INBOX"}\n\n',
    made="text/event-stream",
    errors=(503,),
)
def events(call: Call) -> Stream:
    return Stream("mail", {"key": call.session.id, "user": call.session.user, "token": call.session.token})
