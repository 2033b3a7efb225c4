"""Tokens for scripts: made, looked at and revoked by administrators in the window, never by a token.

No AREA stands here on purpose: a module without one is closed to every token.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mailroom.core.scopes import DAYS_MAX, SCOPES
from mailroom.web import asking
from mailroom.web.api.daemons import Nothing
from mailroom.web.route import WINDOW, Asked, Call, route, routes

TOKEN = {
    "id": "9f2c81d40b7e",
    "name": "Monitoring",
    "maker": "anna",
    "scopes": ["server:read"],
    "created": 1790000000.0,
    "expires": 1797776000.0,
    "used": 1790003600.0,
    "used_from": "192.0.2.7",
    "state": "valid",
}


class New(Asked):
    """A token to make. days: how long it works."""

    name: str = Field(min_length=1, max_length=200)
    scopes: list[str] = Field(min_length=1, max_length=len(SCOPES))
    days: int = Field(ge=1, le=DAYS_MAX)


@route(
    WINDOW,
    "GET",
    "api/tokens",
    summary="The tokens for scripts, and what a token can be allowed",
    answer="Each with its state: valid, expired, or dead when its maker is no administrator now; never the token.",
    example={
        "tokens": [TOKEN],
        "scopes": [{"scope": "server:read", "routes": ["Is all well, and what runs"]}],
        "days_max": DAYS_MAX,
    },
    errors=(503,),
)
def listed(call: Call) -> Any:
    opened = {scope: [one.summary for one in routes(WINDOW) if one.scope == scope] for scope in SCOPES}
    scopes = [{"scope": scope, "routes": summaries} for scope, summaries in opened.items()]
    return {**asking.job("tokens.list"), "scopes": scopes, "days_max": DAYS_MAX}


@route(
    WINDOW,
    "POST",
    "api/tokens",
    summary="Make a token",
    answer="The token itself under `token`: this once, and never again. The job process records it.",
    example={
        **TOKEN,
        "used": None,
        "used_from": "",
        "token": "mrt1.9f2c81d40b7e.9pXkqvQ0e1mH1c0ZcS6mY0yT2gq8Zl5uV7nB3wA4xKc",
    },
    body=New,
    asked={"name": "Monitoring", "scopes": ["server:read"], "days": 90},
    errors=(503,),
)
def create(call: Call) -> Any:
    asked = call.body
    return asking.job(
        "tokens.create",
        name=asked.name,
        scopes=asked.scopes,
        days=asked.days,
        maker=call.person,
        who=call.user,
        where=call.address,
    )


@route(
    WINDOW,
    "POST",
    "api/tokens/{id}/revoke",
    summary="End a token at once",
    answer="The name of the token that works no longer. The job process records it.",
    example={"revoked": "Monitoring"},
    body=Nothing,
    asked={"id": "9f2c81d40b7e"},
    errors=(404, 503),
)
def revoke(call: Call) -> Any:
    return asking.job("tokens.revoke", id=call.path["id"], who=call.user, where=call.address)
