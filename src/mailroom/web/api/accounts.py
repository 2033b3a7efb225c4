"""Account > User: who uses mail (rows AC06, AC07, LI02)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, Query, Whole, route

AREA = "accounts"


class Listed(Query):
    """Which users. sort: a column, with "-" before it for the other direction."""

    search: str = Field("", max_length=200)
    sort: str = Field("name", max_length=20)
    offset: Whole = 0
    limit: int = Field(100, ge=1, le=1_000)


class Choices(Asked):
    """What is chosen for each user; null goes back to the default."""

    changes: dict[str, Literal["activate", "deactivate"] | None] = Field(min_length=1, max_length=10_000)


DIFFERENCE = {
    "seats": {"total": 5, "used_before": 1, "used_after": 2},
    "users": [{"name": "anna", "before": "not_activated", "after": "activated", "why": ""}],
}


@route(
    WINDOW,
    "GET",
    "api/accounts",
    summary="The host's users and who may use mail",
    answer="How many there are, the seats, and a slice of the users.",
    example={
        "total": 1,
        "seats": {"total": 5, "used": 1, "unused": 4},
        "users": [
            {
                "name": "anna",
                "full_name": "Anna Adler",
                "address": "anna@example.com",
                "choice": "activate",
                "active": True,
                "info": "activated",
                "status": "normal",
                "why": "",
                "admin": True,
            }
        ],
    },
    query=Listed,
    errors=(503,),
)
def listed(call: Call) -> Any:
    return asking.job("accounts.list", **call.query.model_dump())


@route(
    WINDOW,
    "POST",
    "api/accounts/preview",
    summary="What these choices would do; nothing is changed",
    answer="The seats before and after, and whom it touches.",
    example=DIFFERENCE,
    body=Choices,
    errors=(503,),
)
def preview(call: Call) -> Any:
    return asking.job("accounts.preview", changes=call.body.changes)


@route(
    WINDOW,
    "POST",
    "api/accounts/apply",
    summary="Activate and deactivate users",
    answer="As the preview. The job process records it.",
    example=DIFFERENCE,
    body=Choices,
    errors=(503,),
)
def apply(call: Call) -> Any:
    answer = asking.job("accounts.apply", changes=call.body.changes, who=call.user, where=call.address)
    asking.forget()
    return answer
