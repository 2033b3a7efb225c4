"""Messages that were given for sending and can still be taken back, or could not be sent."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.web.portal.outgoing import OUTGOING
from mailroom.web.route import PORTAL, USER, Asked, Call, route

SHOWN = {
    "message_id": "<k2f9@example.com>",
    "subject": "Lunch?",
    "state": "held",
    "problem": None,
    "draft": {"uidvalidity": 1790000000, "uid": 7},
    "undo_s": 9.5,
    "is_second": False,
    "may_have_left": False,
}


class Named(Asked):
    """Which message."""

    message_id: str = Field(min_length=1, max_length=250)


@route(
    PORTAL,
    "GET",
    "api/outgoing",
    role=USER,
    summary="Messages that wait to be sent, were sent lately, or could not be sent",
    answer=(
        "`state`: held, sending, sent, failed (`problem` says why), interrupted (the server was restarted while it "
        "waited). The last two are still in Drafts. `may_have_left`: the server has taken it, or did not say whether."
    ),
    example={"messages": [SHOWN]},
    errors=(503,),
)
def messages(call: Call) -> dict[str, Any]:
    return {"messages": OUTGOING.of(call.user)}


@route(
    PORTAL,
    "POST",
    "api/outgoing/undo",
    role=USER,
    summary="Take a message back that still waits; it stays in Drafts",
    answer="What it was, with its draft.",
    example={**SHOWN, "state": "draft"},
    body=Named,
    errors=(404, 409, 503),
    asked={"message_id": "<k2f9@example.com>"},
)
def undo(call: Call) -> dict[str, Any]:
    return OUTGOING.take_back(call.user, call.body.message_id)


@route(
    PORTAL,
    "POST",
    "api/outgoing/dismiss",
    role=USER,
    summary="Forget what became of a message; its draft stays",
    answer="Its Message-ID.",
    example={"dismissed": "<k2f9@example.com>"},
    body=Named,
    errors=(503,),
    asked={"message_id": "<k2f9@example.com>"},
)
def dismiss(call: Call) -> dict[str, str]:
    OUTGOING.dismiss(call.user, call.body.message_id)
    return {"dismissed": call.body.message_id}
