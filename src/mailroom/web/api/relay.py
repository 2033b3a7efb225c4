"""The relay server, tried before it is used."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.core.lines import NOT_IN_A_LINE
from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, route

AREA = "settings"

STEP = {"id": "connect", "state": "ok", "text": "", "words": "220 smtp.example.com ESMTP"}


class Tried(Asked):
    """Values of Mail Delivery > Delivery on top of those in force. to: the recipient that is named.

    domain: of the senders whose relay is tried; without it, the one for all mail.
    """

    changes: dict[str, Any] = Field(max_length=50)
    to: str = Field("", max_length=320, pattern=rf"^([^\s<>@{NOT_IN_A_LINE}]+@[^\s<>@{NOT_IN_A_LINE}]+)?$")
    domain: str = Field("", max_length=253)


@route(
    WINDOW,
    "POST",
    "api/relay/test",
    summary="Talk to a relay server up to the recipient; nothing is sent, nothing is changed",
    answer="Each step (name, connect, tls, sign_in, recipient) with its state and the server's own words.",
    example={"ok": True, "steps": [STEP], "next": ""},
    body=Tried,
    errors=(404, 503),
    audit="settings: Tried a relay server.",
    asked={"changes": {"server": "smtp.example.com", "port": 587}, "to": "postmaster@example.com"},
)
def test(call: Call) -> Any:
    return asking.job("relay.test", **call.body.model_dump())
