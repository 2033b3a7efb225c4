"""Mail Delivery > Daily Quota > Outbound Usage (rows DQ03, DQ04)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, Query, Whole, route

AREA = "accounts"


class Listed(Query):
    """Which users. sort: a column, with "-" before it for the other direction."""

    search: str = Field("", max_length=200)
    sort: str = Field("user", max_length=20)
    offset: Whole = 0
    limit: int = Field(100, ge=1, le=1_000)


class User(Asked):
    """Whose usage."""

    user: str = Field(min_length=1, max_length=255)


class Everybody(Asked):
    """Said on purpose, so that no slip clears everything."""

    all: Literal[True]


@route(
    WINDOW,
    "GET",
    "api/outbound-usage",
    summary="What users have sent to other domains within 24 hours of their first message",
    answer="The limits (null: none), how many users there are, and a slice of them. Times are seconds since the epoch.",
    example={
        "total": 1,
        "limits": {"messages": 500, "bytes": None},
        "users": [
            {"user": "anna", "messages": 12, "bytes": 734003, "since": 1790000000.0, "until": 1790086400.0},
        ],
    },
    query=Listed,
    errors=(503,),
)
def listed(call: Call) -> Any:
    return asking.job("usage.list", **call.query.model_dump())


@route(
    WINDOW,
    "POST",
    "api/outbound-usage/clear",
    summary="Count a user's outbound mail anew: who has reached the daily quota can send again",
    answer="Whose. The job process records it.",
    example={"cleared": "anna"},
    body=User,
    errors=(404, 503),
    asked={"user": "anna"},
)
def clear(call: Call) -> Any:
    return asking.job("usage.clear", user=call.body.user, who=call.user, where=call.address)


@route(
    WINDOW,
    "POST",
    "api/outbound-usage/clear-all",
    summary="Count everybody's outbound mail anew",
    answer="How many users had a count. The job process records it.",
    example={"cleared": 3},
    body=Everybody,
    errors=(503,),
    asked={"all": True},
)
def clear_all(call: Call) -> Any:
    return asking.job("usage.clear_all", who=call.user, where=call.address)
