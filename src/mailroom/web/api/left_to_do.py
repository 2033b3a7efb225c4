"""The card on Server List: what is left to do until mail comes and goes."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.route import WINDOW, Call, route

AREA = "server"
STEP = {
    "id": "sent",
    "title": "A message to another server",
    "text": "Send one to an address elsewhere.",
    "done": False,
    "time": None,
    "go": "",
}


@route(
    WINDOW,
    "GET",
    "api/left-to-do",
    summary="What is left to do until mail comes and goes",
    answer="Each step: `done` is null where it cannot be told; `time`: of when that is; `go`: where the window helps.",
    example={"steps": [STEP], "done": 0, "total": 1},
    errors=(503,),
)
def left_to_do(call: Call) -> Any:
    return asking.job("left_to_do")
