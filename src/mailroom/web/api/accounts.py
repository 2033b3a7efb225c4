"""Account > User: who uses mail (rows AC06, AC07, LI02)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mailroom.flows.account_export import exported
from mailroom.web import asking
from mailroom.web.route import WINDOW, Answer, Asked, Call, Query, Whole, route

AREA = "accounts"


class Wanted(Query):
    """Which users. sort: a column, with "-" before it for the other direction.

    info, status: only users in these states, several with commas between them.
    """

    search: str = Field("", max_length=200)
    sort: str = Field("name", max_length=20)
    info: str = Field("", max_length=60)
    status: str = Field("", max_length=60)

    def asked(self) -> dict[str, Any]:
        """As the job process wants it."""
        states = {name: [one for one in getattr(self, name).split(",") if one] for name in ("info", "status")}
        return {"search": self.search, "sort": self.sort, **states}


class Listed(Wanted):
    """A slice of them."""

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
    asked = call.query
    return asking.job("accounts.list", **asked.asked(), offset=asked.offset, limit=asked.limit)


@route(
    WINDOW,
    "GET",
    "api/accounts/export",
    summary="The users as a file for a spreadsheet",
    answer="CSV in UTF-8 with a byte order mark, one line for each user.",
    example="Username,Name,Email address,Activation info,Status,Administrator,Remark",
    query=Wanted,
    errors=(503,),
    made="text/csv",
)
def export(call: Call) -> Answer:
    asked = call.query.asked()
    body = exported(lambda **slice_: asking.job("accounts.list", **asked, **slice_)).encode()
    named = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": 'attachment; filename="users.csv"'}
    return Answer(body, headers=named)


@route(
    WINDOW,
    "POST",
    "api/accounts/preview",
    summary="What these choices would do; nothing is changed",
    answer="The seats before and after, and whom it touches.",
    example=DIFFERENCE,
    body=Choices,
    errors=(503,),
    asked={"changes": {"anna": "activate"}},
    asks_only=True,
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
    asked={"changes": {"anna": "activate"}},
)
def apply(call: Call) -> Any:
    answer = asking.job("accounts.apply", changes=call.body.changes, who=call.user, where=call.address)
    asking.forget()
    return answer
