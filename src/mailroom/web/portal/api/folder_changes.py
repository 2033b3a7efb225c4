"""A user's own folders: made, renamed, moved, deleted; Trash and Junk emptied."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.web.portal.imap import folder_changes
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.route import PORTAL, USER, Asked, Call, route

ID = {"id": "Customers/Adler"}


class Named(Asked):
    """A folder's name, and the id of the folder that it is in; "": at the top."""

    name: str = Field(max_length=500)
    parent: str = Field("", max_length=500)


class Emptied(Asked):
    """counted: {id: `next_uid`} of the folder and of each inside when its owner was asked: what came since stays."""

    counted: dict[str, int] = Field(max_length=10_000)


class Removed(Asked):
    """for_good: it lies in Trash, and its owner knows that it will be gone; then with `counted`, as when emptying."""

    for_good: bool
    counted: dict[str, int] = Field(default_factory=dict, max_length=10_000)


@route(
    PORTAL,
    "POST",
    "api/folders",
    role=USER,
    summary="Make a folder",
    answer="Its id.",
    example=ID,
    body=Named,
    errors=(404, 503),
    asked={"name": "Adler", "parent": "Customers"},
)
def create(call: Call) -> dict[str, Any]:
    asked = call.body
    id = POOL.run(call.session, lambda link: folder_changes.create(link, asked.parent, asked.name), once=True)
    return {"id": id}


@route(
    PORTAL,
    "POST",
    "api/folders/{id}/rename",
    role=USER,
    summary="Give a folder another name or another place, with all that is in it",
    answer="Its new id.",
    example=ID,
    body=Named,
    errors=(404, 503),
    asked={"id": "Adler", "name": "Adler", "parent": "Customers"},
)
def rename(call: Call) -> dict[str, Any]:
    asked, id = call.body, call.path["id"]
    new = POOL.run(call.session, lambda link: folder_changes.rename(link, id, asked.parent, asked.name), once=True)
    return {"id": new}


@route(
    PORTAL,
    "POST",
    "api/folders/{id}/remove",
    role=USER,
    summary="Move a folder into Trash with all that is in it; from there, delete it for good",
    answer="Its new id; null when it was deleted for good.",
    example={"id": "Trash/Adler"},
    body=Removed,
    errors=(404, 409, 503),
    asked={"id": "Adler", "for_good": False},
)
def remove(call: Call) -> dict[str, Any]:
    asked, id = call.body, call.path["id"]
    new = POOL.run(call.session, lambda link: folder_changes.remove(link, id, asked.for_good, asked.counted), once=True)
    return {"id": new}


@route(
    PORTAL,
    "POST",
    "api/folders/{id}/empty",
    role=USER,
    summary="Delete for good what lies in Trash or Junk, folders inside included",
    answer="How many messages were deleted.",
    example={"deleted": 12},
    body=Emptied,
    errors=(404, 409, 503),
    asked={"id": "Trash", "counted": {"Trash": 90, "Trash/Adler": 7}},
)
def empty(call: Call) -> dict[str, Any]:
    id, counted = call.path["id"], call.body.counted
    return {"deleted": POOL.run(call.session, lambda link: folder_changes.empty(link, id, counted), once=True)}
