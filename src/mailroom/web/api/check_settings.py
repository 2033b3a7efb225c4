"""Check Settings: what differs from the suggested settings, and putting it right (row CK01)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, Whole, route
from mailroom.web.shapes import Named, free

AREA = "settings"
DIFFERENCE = {
    "page": "security.spam",
    "key": "threshold",
    "title": "Mark as spam if score is higher than",
    "page_title": "Spam",
    "menu": "security",
    "tab": "spam",
    "value": free(9.0),
    "suggested": free(5.0),
    "effect": "A lower score takes more good mail for spam, a higher one lets more spam through.",
    "labels": Named({"wait": "Mail waits at the sender"}),
    "unit": "",
}
CHANGE = {
    "page": "security.spam",
    "key": "threshold",
    "title": "Mark as spam if score is higher than",
    "old": free(9.0),
    "new": free(5.0),
}


class Fix(Asked):
    """Which settings ("page.key") to set as suggested; null means all. revision: the one that the page shows."""

    revision: Whole
    settings: list[Annotated[str, Field(max_length=200)]] | None = Field(None, max_length=500)


@route(
    WINDOW,
    "GET",
    "api/check/settings",
    summary="What differs from the suggested settings",
    answer="How many settings have a suggestion, and each that differs, with what that means in one sentence.",
    example={"revision": 7, "compared": 17, "differences": [DIFFERENCE]},
    errors=(503,),
)
def read(call: Call) -> Any:
    return asking.job("check.settings")


@route(
    WINDOW,
    "POST",
    "api/check/settings/fix",
    summary="Set settings as suggested, all of it as one revision or nothing",
    answer="As an Apply; putting back the revision `former` undoes it.",
    example={"revision": 8, "changed": [CHANGE], "reloaded": ["filter"], "took_ms": 640, "former": 7},
    body=Fix,
    errors=(409, 424, 503),
    asked={"revision": 7, "settings": ["security.spam.threshold"]},
)
def fix(call: Call) -> Any:
    asked = call.body
    return asking.job(
        "check.settings_fix", revision=asked.revision, chosen=asked.settings, who=call.user, where=call.address
    )
