"""The page License (rows LI01, LI02)."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.route import WINDOW, Call, route

AREA = "accounts"


@route(
    WINDOW,
    "GET",
    "api/licences",
    summary="The licences and their seats",
    answer="Each licence, and how many seats are used.",
    example={
        "licences": [
            {"key": "Default licence", "quantity": 5, "activated": "", "expiry": "", "status": "valid"},
        ],
        "total": 5,
        "used": 1,
        "unused": 4,
    },
    errors=(503,),
)
def licences(call: Call) -> Any:
    return asking.job("licences.list")
