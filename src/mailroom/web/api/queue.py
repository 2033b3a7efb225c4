"""Queue: the messages that wait, and what can be done with them (rows QE01-QE05)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, Query, Whole, route

AREA = "queue"
ID = "4Q2nBz1HVMz3b"
WAITS = {
    "id": ID,
    "state": "waiting",
    "since": 1790000000.0,
    "size": 2048,
    "sender": "ben@example.com",
    "recipients": [{"address": "friend@world.example", "words": "connect to mx.world.example: Connection refused"}],
    "more_recipients": 0,
    "reason": "The other server refuses connections.",
    "words": "connect to mx.world.example: Connection refused",
    "next_try": 1790000300.0,
    "expires": False,
}
DONE = {"done": [ID], "gone": []}


class Listed(Query):
    """Which messages. search: part of an address, a number or a reason; down: the largest first."""

    search: str = Field("", max_length=200)
    sort: Literal["since", "sender", "recipients", "size", "state"] = "since"
    down: bool = False
    offset: Whole = 0
    limit: int = Field(100, ge=1, le=500)


class Chosen(Asked):
    """Which messages, by their numbers in the queue."""

    ids: list[str] = Field(min_length=1, max_length=1000)


@route(
    WINDOW,
    "GET",
    "api/queue",
    summary="The messages that wait to be delivered, and why",
    answer="`total`: how many wait; `read`: how many of them were looked at; `found`: how many of those match; "
    "`messages`: a slice of them. `state` is waiting, on_hold or active (being delivered now); `reason` in plain "
    "words, `words` the other server's own; `next_try`: when it is tried again, about, or null when that is not known; "
    "`expires`: it is returned to its sender after the next try. Times are seconds since the epoch; `time` is when the "
    "queue was read.",
    example={"time": 1790000100.0, "total": 1, "found": 1, "read": 1, "messages": [WAITS]},
    query=Listed,
    errors=(503,),
)
def listed(call: Call) -> Any:
    return asking.job("queue.list", **call.query.model_dump())


@route(
    WINDOW,
    "POST",
    "api/queue/retry",
    summary="Try messages now; those on hold are released",
    answer="`done`: which; `gone`: which did not wait any more.",
    example=DONE,
    body=Chosen,
    errors=(404, 422, 503),
    asked={"ids": [ID]},
)
def retry(call: Call) -> Any:
    return asking.job("queue.retry", ids=call.body.ids, who=call.user, where=call.address)


@route(
    WINDOW,
    "POST",
    "api/queue/hold",
    summary="Hold messages until somebody releases them",
    answer="`done`: which; `gone`: which did not wait any more.",
    example=DONE,
    body=Chosen,
    errors=(404, 422, 503),
    asked={"ids": [ID]},
)
def hold(call: Call) -> Any:
    return asking.job("queue.hold", ids=call.body.ids, who=call.user, where=call.address)


@route(
    WINDOW,
    "POST",
    "api/queue/release",
    summary="Hold messages no longer; they are tried at once",
    answer="`done`: which; `gone`: which did not wait any more.",
    example=DONE,
    body=Chosen,
    errors=(404, 422, 503),
    asked={"ids": [ID]},
)
def release(call: Call) -> Any:
    return asking.job("queue.release", ids=call.body.ids, who=call.user, where=call.address)


@route(
    WINDOW,
    "POST",
    "api/queue/return",
    summary="Try messages once more, and return what is not delivered then to its sender",
    answer="The sender gets Postfix's own notice. `done`: which; `gone`: which did not wait any more; "
    "`without_sender`: notices, which cannot be returned to anybody and stay.",
    example={**DONE, "without_sender": []},
    body=Chosen,
    errors=(404, 422, 503),
    asked={"ids": [ID]},
)
def give_back(call: Call) -> Any:
    return asking.job("queue.return", ids=call.body.ids, who=call.user, where=call.address)


@route(
    WINDOW,
    "POST",
    "api/queue/delete",
    summary="Delete messages for good; neither sender nor recipient is notified",
    answer="`done`: which; `gone`: which did not wait any more.",
    example=DONE,
    body=Chosen,
    errors=(404, 422, 503),
    asked={"ids": [ID]},
)
def delete(call: Call) -> Any:
    return asking.job("queue.delete", ids=call.body.ids, who=call.user, where=call.address)
