"""Service > Let's Encrypt beside its settings: how the last try ended, and another one now."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.api.daemons import Nothing
from mailroom.web.route import WINDOW, Call, route

AREA = "settings"
TOLD = {
    "enabled": True,
    "names": ["mail.example.com"],
    "due": 1796083200.0,
    "tried": 1790985600.0,
    "ok": True,
    "text": "",
    "next": "",
    "failures": 0,
}


@route(
    WINDOW,
    "GET",
    "api/acme",
    summary="How getting a certificate by itself goes",
    answer="For which names, when the next one is due (0: not wanted), and how the last try ended.",
    example=TOLD,
    errors=(503,),
)
def read(call: Call) -> Any:
    return asking.job("acme.read")


@route(
    WINDOW,
    "POST",
    "api/acme/get",
    summary="Ask for a certificate now, and put it in force",
    answer="As it is read then. The job process records it.",
    example=TOLD,
    body=Nothing,
    errors=(422, 424, 503),
)
def get(call: Call) -> Any:
    return asking.job("acme.get", who=call.user, where=call.address)
