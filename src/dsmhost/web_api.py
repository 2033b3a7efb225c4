"""DSM's web API, as far as packages and browsers use it: Info, Auth, package control."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from dsmhost.center import Center
from dsmhost.http import Request, Response
from dsmhost.sessions import Sessions
from dsmhost.spk import Refused

APIS = {
    "SYNO.API.Auth": {"path": "entry.cgi", "minVersion": 1, "maxVersion": 7},
    "SYNO.API.Info": {"path": "entry.cgi", "minVersion": 1, "maxVersion": 1},
    "SYNO.Core.Package.Control": {"path": "entry.cgi", "minVersion": 1, "maxVersion": 1},
}
NO_SUCH_API, NO_SUCH_METHOD, NO_PERMISSION, BAD_SESSION = 102, 103, 105, 119


def _json(facts: dict[str, Any], headers: list[tuple[str, str]] | None = None) -> Response:
    return Response(json.dumps(facts).encode(), "application/json", headers=headers or [])


def _error(code: int) -> Response:
    return _json({"success": False, "error": {"code": code}})


async def answer(request: Request, body: bytes, sessions: Sessions, center: Center) -> Response:
    """One call of the web API."""
    fields = request.fields(body)
    api, method = fields.get("api", ""), fields.get("method", "")
    if api == "SYNO.API.Info":
        wanted = fields.get("query", "all")
        return _json({"success": True, "data": {name: one for name, one in APIS.items() if wanted in ("all", name)}})
    if api == "SYNO.API.Auth":
        return _auth(request, fields, method, sessions)
    if api == "SYNO.Core.Package.Control":
        return await _control(request, fields, method, sessions, center)
    return _error(NO_SUCH_API)


def _auth(request: Request, fields: dict[str, str], method: str, sessions: Sessions) -> Response:
    if method == "logout":
        sessions.close(fields.get("_sid") or request.cookie("id"))
        return _json({"success": True})
    if method != "login":
        return _error(NO_SUCH_METHOD)
    opened = sessions.open(fields.get("account", ""), fields.get("passwd", ""), request.address)
    if isinstance(opened, int):
        return _error(opened)
    name, session = opened
    cookie = (
        [("Set-Cookie", f"id={name}; Path=/; HttpOnly; SameSite=Strict")] if fields.get("format") == "cookie" else []
    )
    token = {"synotoken": session.token} if fields.get("enable_syno_token") == "yes" else {}
    return _json({"success": True, "data": {"sid": name, "did": "", **token}}, cookie)


async def _control(
    request: Request, fields: dict[str, str], method: str, sessions: Sessions, center: Center
) -> Response:
    session = sessions.get(fields.get("_sid") or request.cookie("id"), request.address)
    if session is None or fields.get("SynoToken", request.headers.get("x-syno-token", "")) != session.token:
        return _error(BAD_SESSION)
    if not sessions.is_admin(session.user):
        return _error(NO_PERMISSION)
    actions = {"start": center.start, "stop": center.stop}
    if method not in actions:
        return _error(NO_SUCH_METHOD)
    try:
        # Values of the web API are JSON literals.
        name = fields.get("id", "").strip('"')
        return _json({"success": True, "data": await asyncio.to_thread(actions[method], name)})
    except Refused as refused:
        return _error(refused.code)


def token(request: Request, sessions: Sessions) -> Response:
    """/webman/login.cgi for a page that is signed in already: its token."""
    session = sessions.get(request.cookie("id"), request.address)
    if session is None:
        return _json({"result": "error", "success": False})
    return _json({"SynoToken": session.token, "result": "success", "success": True})
