"""Who is looking at the window."""

from __future__ import annotations

from typing import Any

import mailroom
from mailroom.core.scopes import ANY
from mailroom.web import asking, waiting
from mailroom.web.route import USER, WINDOW, Call, route

AREA = ANY


@route(
    WINDOW,
    "GET",
    "api/session",
    role=USER,
    summary="Who is signed in, and to which server",
    answer="The user, whether a member of administrators, the server's names, and what waits for activation.",
    example={
        "user": "anna",
        "admin": True,
        "version": "0.1.0",
        "domain": "example.com",
        "hostname": "mail.example.com",
        "activation": None,
        "portal": "/mail/",
    },
    errors=(503,),
)
def session(call: Call) -> dict[str, Any]:
    names = {"domain": "", "hostname": ""} if waiting.is_waiting() else asking.general()
    return {
        "user": call.person,
        "admin": asking.person(call.person)["role"] == "admin",
        "version": mailroom.__version__,
        "domain": names["domain"],
        "hostname": names["hostname"],
        "activation": waiting.activation(),
        "portal": "/mail/",
    }
