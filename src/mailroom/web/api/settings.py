"""The settings pages, their preview, Apply and history."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, Query, Whole, route
from mailroom.web.shapes import Named, free

AREA = "settings"

CHANGE = {
    "page": "mail_delivery.general",
    "key": "max_message_mb",
    "title": "Maximum size per email",
    "old": free(10),
    "new": free(25),
}
# Of a list setting: the items that differ, whether their order does, and how many more differ than are told here.
LIST_CHANGE = {
    "page": "mail_delivery.lists",
    "key": "blacklist",
    "title": "Blacklist",
    "old": None,
    "new": None,
    "items": [{"id": "1f2e3d4c", "name": "Spam", "old": None, "new": free({"name": "Spam", "enabled": True})}],
    "moved": False,
    "more": 9_900,
}
CHANGES = [CHANGE, LIST_CHANGE]
CHANGED = {"revision": 7, "page": "mail_delivery.general", "changes": {"max_message_mb": 25}}
# What a preview shows of a daemon's configuration.
FILES = [{"path": "postfix/main.cf", "diff": "-a = 1\n+a = 2"}]
WARNING = {"field": "aliases/1f2e3d4c/name", "text": "anna is also a user, who is not a member of the alias."}
APPLIED = {"revision": 8, "changed": CHANGES, "reloaded": ["postfix"], "warnings": [WARNING], "took_ms": 640}


class Changes(Asked):
    """What to look at before an Apply. revision: the one that the page shows."""

    revision: Whole
    page: str = Field(max_length=100)
    changes: dict[str, Any] = Field(max_length=500)


class Checked(Asked):
    """What to judge."""

    page: str = Field(max_length=100)
    changes: dict[str, Any] = Field(max_length=500)


class Apply(Changes):
    """What to put in force. note: for the history."""

    note: str = Field("", max_length=500)


class PutBack(Asked):
    """Which revision to put back; with page, only that page."""

    revision: Whole
    to: Whole
    page: str | None = Field(None, max_length=100)


class Listed(Query):
    """Which part of the history, newest first."""

    page: str | None = Field(None, max_length=100)
    offset: Whole = 0
    limit: int = Field(50, ge=1, le=500)


class Compared(Query):
    """Two revisions."""

    from_: Whole = Field(alias="from")
    to: Whole


@route(
    WINDOW,
    "GET",
    "api/settings",
    summary="The settings pages there are",
    answer="The revision in force, whether an Apply is under way, and the pages in menu order.",
    example={
        "revision": 7,
        "applying": False,
        "pages": [{"id": "service.protocol", "title": "Protocol", "menu": "service", "tab": "protocol"}],
    },
    errors=(503,),
)
def index(call: Call) -> Any:
    return asking.job("settings.index")


@route(
    WINDOW,
    "GET",
    "api/settings/fields",
    summary="Every setting there is, to search in",
    answer="What each setting is called, what it does, and which parameter of a daemon it becomes.",
    example=[
        {
            "page": "service.protocol",
            "key": "smtp_port",
            "title": "SMTP port",
            "group": "SMTP",
            "help": "Other mail servers always use port 25.",
            "parameter": "master.cf smtp/inet",
            "labels": Named({"deliver": "Deliver"}),
            "unit": "MB",
            "widget": "secret",
        }
    ],
    errors=(503,),
)
def fields(call: Call) -> Any:
    return asking.job("settings.fields")


@route(
    WINDOW,
    "GET",
    "api/settings/history",
    summary="Every revision of the settings",
    answer="How many there are, and a slice of them, newest first.",
    example={
        "total": 1,
        "revisions": [
            {
                "revision": 8,
                "when": 1790000000.0,
                "who": "anna",
                "where": "192.0.2.7",
                "note": "",
                "changes": CHANGES,
            }
        ],
    },
    query=Listed,
    errors=(503,),
)
def history(call: Call) -> Any:
    return asking.job("settings.history", page=call.query.page, offset=call.query.offset, limit=call.query.limit)


@route(
    WINDOW,
    "GET",
    "api/settings/compare",
    summary="What differs between two revisions",
    answer="The settings and the daemons' files that differ.",
    example={
        "settings": CHANGES,
        "files": FILES,
        "rendered_differently": [],
    },
    query=Compared,
    errors=(404, 503),
    asked={"from": 7, "to": 8},
)
def compare(call: Call) -> Any:
    return asking.job("settings.compare", **{"from": call.query.from_, "to": call.query.to})


@route(
    WINDOW,
    "GET",
    "api/settings/{page}",
    summary="One settings page",
    answer="JSON Schema 2020-12 with x-ui hints, the values in force and the defaults.",
    example={
        "revision": 7,
        "schema": free({"title": "Protocol", "properties": {}}),
        "values": free({"smtp_port": 25}),
        "defaults": free({"smtp_port": 25}),
    },
    errors=(404, 503),
    asked={"page": "mail_delivery.general"},
)
def read(call: Call) -> Any:
    return asking.job("settings.read", page=call.path["page"])


@route(
    WINDOW,
    "POST",
    "api/settings/preview",
    summary="What an Apply would change; nothing is changed",
    answer="The settings and the daemons' files that would differ.",
    example={
        "settings": CHANGES,
        "files": FILES,
        "warnings": [WARNING],
    },
    body=Changes,
    errors=(404, 409, 503),
    asked=CHANGED,
    asks_only=True,
)
def preview(call: Call) -> Any:
    asked = call.body
    return asking.job("settings.preview", revision=asked.revision, page=asked.page, changes=asked.changes)


@route(
    WINDOW,
    "POST",
    "api/settings/check",
    summary="What an Apply would refuse; nothing is changed",
    answer="Each setting, or LIST/ID/FIELD of an item of a list, that would be refused, with the reason.",
    example={"fields": Named({"aliases/1f2e3d4c/members": "Choose at least one member."})},
    body=Checked,
    errors=(404, 503),
    asked={"page": "mail_delivery.alias", "changes": {"aliases": {"put": [{"id": "1f2e3d4c", "name": "sales"}]}}},
    asks_only=True,
)
def check(call: Call) -> Any:
    return asking.job("settings.check", page=call.body.page, changes=call.body.changes)


@route(
    WINDOW,
    "POST",
    "api/settings/apply",
    summary="Put changed settings in force, wholly or not at all",
    answer="The new revision, what changed, which daemons were reloaded, what may not be meant. It is recorded.",
    example=APPLIED,
    body=Apply,
    errors=(404, 409, 424, 503),
    asked={**CHANGED, "note": "Ben sends plans."},
)
def apply(call: Call) -> Any:
    asked = call.body
    return asking.job(
        "settings.apply",
        revision=asked.revision,
        page=asked.page,
        changes=asked.changes,
        note=asked.note,
        who=call.user,
        where=call.address,
    )


@route(
    WINDOW,
    "POST",
    "api/settings/preview-back",
    summary="What putting back would change; nothing is changed",
    answer="As a preview.",
    example={
        "settings": CHANGES,
        "files": FILES,
        "warnings": [WARNING],
    },
    body=PutBack,
    errors=(404, 409, 503),
    asked={"revision": 8, "to": 7, "page": "mail_delivery.general"},
    asks_only=True,
)
def preview_back(call: Call) -> Any:
    asked = call.body
    return asking.job("settings.preview_back", revision=asked.revision, to=asked.to, page=asked.page)


@route(
    WINDOW,
    "POST",
    "api/settings/put-back",
    summary="Apply the values of a former revision as a new one",
    answer="As an Apply.",
    example=APPLIED,
    body=PutBack,
    errors=(404, 409, 424, 503),
    asked={"revision": 8, "to": 7, "page": "mail_delivery.general"},
)
def put_back(call: Call) -> Any:
    asked = call.body
    return asking.job(
        "settings.put_back",
        revision=asked.revision,
        to=asked.to,
        page=asked.page,
        who=call.user,
        where=call.address,
    )
