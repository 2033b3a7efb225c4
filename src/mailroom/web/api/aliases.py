"""Mail Delivery > Alias beside the settings page itself: who can be a member, import, export (AL03, AL05, AL06)."""

from __future__ import annotations

import base64
from typing import Any, Literal

from pydantic import Field

from mailroom.policy.text_file import BYTES_MAX
from mailroom.web import asking
from mailroom.web.route import WINDOW, Answer, Call, Query, Whole, route

AREA = "settings"
NEW = [{"name": "info", "members": ["user:anna", "group:staff", "alias:team", "max@example.org"]}]
REFUSED = [{"line": 3, "name": "all", "reason": "It has no members.", "kept": False}]


class Members(Query):
    """Which part of the users or groups."""

    kind: Literal["user", "group"] = "user"
    search: str = Field("", max_length=200)
    offset: Whole = 0
    limit: int = Field(200, ge=1, le=1_000)


class Based(Query):
    """revision: the one that the page shows; without it, the one in force."""

    revision: Whole | None = None


@route(
    WINDOW,
    "GET",
    "api/aliases/members",
    summary="Who can be a member of an alias",
    answer="How many there are, and a slice of them. A user who cannot use mail is deactivated or unsupported.",
    example={
        "total": 1,
        "members": [{"member": "user:anna", "name": "anna", "full_name": "Anna Adler", "status": "normal", "users": 1}],
    },
    query=Members,
    errors=(503,),
)
def members(call: Call) -> Any:
    asked = call.query
    return asking.job("aliases.members", kind=asked.kind, search=asked.search, offset=asked.offset, limit=asked.limit)


@route(
    WINDOW,
    "GET",
    "api/aliases/export",
    summary="All aliases as a file in the format of Postfix",
    answer="Text as aliases(5) has it.",
    example="info: anna, ben",
    errors=(503,),
    made="text/plain",
)
def export(call: Call) -> Answer:
    return as_file(str(asking.job("aliases.export")), "aliases")


@route(
    WINDOW,
    "POST",
    "api/aliases/import-preview",
    summary="What a file of aliases would add; the body is the file itself. Nothing is changed",
    answer="The new aliases, and each line that is refused.",
    example={"new": NEW, "refused": REFUSED},
    raw=lambda call: BYTES_MAX,
    errors=(503,),
    asks_only=True,
)
def preview_import(call: Call) -> Any:
    return asking.job("aliases.preview_import", content=content(call))


@route(
    WINDOW,
    "POST",
    "api/aliases/import",
    summary="Add the aliases of a file; the body is the file itself. An alias that exists already stays as it is",
    answer="The new aliases, each line that was refused, and the revision. The job process records it.",
    example={"new": NEW, "refused": REFUSED, "revision": 8},
    query=Based,
    raw=lambda call: BYTES_MAX,
    errors=(409, 424, 503),
    asked={"revision": 7},
)
def import_file(call: Call) -> Any:
    base = call.query.revision
    return asking.job("aliases.import", content=content(call), revision=base, who=call.user, where=call.address)


def content(call: Call) -> str:
    """The file of a raw body, for the job process."""
    assert call.stream is not None
    return base64.b64encode(call.stream.read(call.length)).decode()


def as_file(text: str, name: str) -> Answer:
    """A text to be saved under this name."""
    named = {"Content-Type": "text/plain; charset=utf-8", "Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(text.encode(), headers=named)
