"""Security > Antivirus beside its settings: the virus definitions, the engine, and an update now (rows AV02, AV06)."""

from __future__ import annotations

from typing import Any

from mailroom.web import asking
from mailroom.web.api.daemons import Nothing
from mailroom.web.route import WINDOW, Call, route

AREA = "settings"
STATE = {
    "state": "current",
    "limited": False,
    "version": "27800",
    "definitions_date": 1790960000.0,
    "files": [
        {
            "name": "daily",
            "version": "27800",
            "signatures": 2075000,
            "built": 1790960000.0,
            "downloaded": 1790985600.0,
            "bytes": 63000000,
        }
    ],
    "engine": {"answers": True, "version": "1.4.6", "definitions": "27800", "asked": 1790990000.0},
    "auto": True,
    "updating": 0.0,
    "due": 1791072000.0,
    "tried": 1790985600.0,
    "ok": True,
    "text": "",
    "next": "",
    "failures": 0,
    "checked": 1790985600.0,
    "changed": 1790985600.0,
    "memory": {"engine_mb": 1200, "total_mb": 4096, "enough": True},
}


@route(
    WINDOW,
    "GET",
    "api/definitions",
    summary="The virus definitions: which, how old, and how updating them goes",
    answer="`state` is current, old (the newest was built more than 7 days ago) or absent; `limited`: the engine finds "
    "only our own test virus. `files`: when ClamAV built each, and when it was downloaded. `engine`: what it has said "
    "of itself, and when it was asked. `updating`: since when a download is under way. `due`: when the next comes by "
    "itself; `tried`, `ok`, `text`, `next`, `failures`: the last try. `checked`: when a mirror was reached last; "
    "`changed`: when it had something new. Times are seconds since the epoch, 0 for never.",
    example=STATE,
    errors=(503,),
)
def read(call: Call) -> Any:
    return asking.job("definitions.read")


@route(
    WINDOW,
    "POST",
    "api/definitions/update",
    summary="Begin to download newer virus definitions, unless that is under way",
    answer="As it is read then. An event of kind `definitions` tells how it went. The job process records it.",
    example={**STATE, "updating": 1790990000.0},
    body=Nothing,
    errors=(422, 503),
)
def update(call: Call) -> Any:
    return asking.job("definitions.update", who=call.user, where=call.address)
