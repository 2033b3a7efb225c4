"""Undoing one change of the settings' history."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.api.settings import APPLIED, CHANGES, FILES, WARNING
from mailroom.web.route import WINDOW, Asked, Call, Whole, route

AREA = "settings"


class Undo(Asked):
    """Which change to undo. revision: the one in force that the page shows."""

    revision: Whole
    undo: Whole


@route(
    WINDOW,
    "POST",
    "api/settings/preview-undo",
    summary="What undoing one change would change; nothing is changed",
    answer="As a preview.",
    example={
        "settings": CHANGES,
        "files": FILES,
        "warnings": [WARNING],
    },
    body=Undo,
    errors=(404, 409, 503),
    asked={"revision": 8, "undo": 7},
    asks_only=True,
)
def preview_undo(call: Call) -> Any:
    return asking.job("settings.preview_undo", revision=call.body.revision, undo=call.body.undo)


@route(
    WINDOW,
    "POST",
    "api/settings/undo",
    summary="Undo one change, and leave what was applied since",
    answer="As an Apply.",
    example=APPLIED,
    body=Undo,
    errors=(404, 409, 424, 503),
    asked={"revision": 8, "undo": 7},
)
def undo(call: Call) -> Any:
    asked = call.body
    return asking.job("settings.undo", revision=asked.revision, undo=asked.undo, who=call.user, where=call.address)
