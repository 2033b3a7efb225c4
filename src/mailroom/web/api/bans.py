"""Who has to wait after too many failed sign-ins, and how passwords are checked on this host."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

from pydantic import Field

from mailroom.core.problems import Unavailable
from mailroom.web import asking
from mailroom.web.route import WINDOW, Asked, Call, route

AREA = "sign_in"


class Ban(Asked):
    """Whom to hold back no longer."""

    kind: Literal["address", "account"]
    value: str = Field(min_length=1, max_length=255)


class Blocked(Asked):
    """Which address may send mail again; of IPv6 its network, as the list tells it."""

    address: str = Field(min_length=1, max_length=64)


@route(
    WINDOW,
    "GET",
    "api/bans",
    summary="Addresses and accounts that are held back",
    answer="Each with its failures and until when, seconds since the epoch. An address or account has failed to "
    "sign in; of kind mail is an address that may send no mail, failures are the unknown accounts that it wrote to.",
    example={"bans": [{"kind": "address", "value": "192.0.2.7", "failures": 8, "until": 1790000000.0}]},
    errors=(503,),
)
def bans(call: Call) -> Any:
    found = list(asking.signin("bans")["bans"])
    # Without the job process the others are told all the same.
    with suppress(Unavailable):
        found += asking.job("blocked.list")
    return {"bans": found}


@route(
    WINDOW,
    "POST",
    "api/bans/unban",
    summary="Hold an address or account back no longer",
    answer="Whom.",
    example={"unbanned": "192.0.2.7"},
    body=Ban,
    errors=(404, 503),
    audit="signin: Let {kind} {value} in again.",
    asked={"kind": "address", "value": "192.0.2.7"},
)
def unban(call: Call) -> Any:
    return asking.signin("unban", kind=call.body.kind, value=call.body.value)


@route(
    WINDOW,
    "POST",
    "api/bans/unblock",
    summary="Let an address send mail again that wrote to too many unknown accounts",
    answer="Which.",
    example={"unbanned": "192.0.2.7"},
    body=Blocked,
    errors=(404, 503),
    asked={"address": "192.0.2.7"},
)
def unblock(call: Call) -> Any:
    return asking.job("blocked.lift", address=call.body.address, who=call.user, where=call.address)


@route(
    WINDOW,
    "GET",
    "api/ways",
    summary="How passwords are checked on this host",
    answer="The way in use, why, and what was tried.",
    example={"way": "pam", "why": "", "tried": [{"way": "pam", "usable": True, "why": ""}]},
    errors=(503,),
)
def ways(call: Call) -> Any:
    return asking.signin("ways")
