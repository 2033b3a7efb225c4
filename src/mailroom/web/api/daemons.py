"""The daemons themselves."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, route

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
)
def restart(call: Call) -> Any:
    return asking.job("daemons.restart", id=call.path["id"], who=call.user, where=call.address)
