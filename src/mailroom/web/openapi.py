"""The OpenAPI 3.1 document, made from the routes' own declarations."""

from __future__ import annotations

from functools import cache
from typing import Any

import mailroom
from mailroom.core.scopes import ANY, NEVER
from mailroom.web.route import ADMIN, ANYBODY, PORTAL, WINDOW, Route, routes
from mailroom.web.shapes import schema_of
from mailroom.web.streams import COMMENT_EVERY_S, LIFE_S

JSON, STREAM = "application/json", "text/event-stream"

TITLES = {WINDOW: "Mailroom: the admin window's API", PORTAL: "Mailroom: the mail portal's API"}
STATUS_WORDS = {
    302: "It is elsewhere: the header Location says where.",
    401: "Nobody is signed in (code signed_out).",
    403: "This user may not do this, or the request is forged.",
    404: "There is no such thing.",
    409: "Somebody else has changed it meanwhile (code stale).",
    413: "The body is too large.",
    415: "The body is of the wrong type.",
    422: "The request cannot be accepted; `fields` says why.",
    424: "A daemon objected; nothing has changed.",
    429: "Too many attempts; `retry_after_s` says when to come back.",
    503: "A part that is needed does not answer now.",
}
ROLE_WORDS = {ADMIN: "Members of administrators only.", ANYBODY: "Everybody."}
PROBLEM = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string", "description": "A stable word for programs."},
        "message": {"type": "string", "description": "One plain sentence."},
        "field": {"type": "string", "description": "The input at fault."},
        "setting": {"type": "string", "description": "page.key of the setting at fault."},
        "next": {"type": "string", "description": "What to do now."},
    },
}


@cache
def document(side: str) -> dict[str, Any]:
    """The document of one side. Its paths are relative to the side's base URL."""
    schemas: dict[str, Any] = {"Problem": PROBLEM}
    paths: dict[str, Any] = {}
    for route in routes(side):
        paths.setdefault(f"/{route.path}", {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLES[side], "version": mailroom.__version__},
        "servers": [{"url": "/mail" if side == PORTAL else "/webman/3rdparty/Mailroom/index.cgi"}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas, "securitySchemes": _schemes(side)},
    }


def _schemes(side: str) -> dict[str, Any]:
    if side == PORTAL:
        return {"session": {"type": "apiKey", "in": "cookie", "name": "mailroom"}}
    return {
        "session": {"type": "apiKey", "in": "cookie", "name": "id", "description": "DSM's own session."},
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token for scripts, and no cookie beside it."},
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    who = ROLE_WORDS.get(route.role, "Any signed-in user.")
    module = route.handler.__module__.rpartition(".")[2]
    answers: dict[str, Any] = {"200": {"description": route.answer, "content": {route.made: _shown(route)}}}
    for status in sorted({*route.errors, *_from_guards(route)}):
        answers[str(status)] = {"description": STATUS_WORDS[status]}
        if status >= 400:
            answers[str(status)]["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation: dict[str, Any] = {
        "operationId": f"{module}.{route.handler.__name__}",
        "tags": [module],
        "summary": route.summary,
        "description": " ".join(filter(None, (who, _token_words(route), _stream_words(route)))),
        "x-role": route.role,
        "x-scope": route.scope,
        "parameters": _parameters(route),
        "responses": answers,
    }
    if route.role != ANYBODY:
        operation["security"] = [{"session": []}]
        if route.scope != NEVER:
            operation["security"].append({"bearer": [] if route.scope == ANY else [route.scope]})
    if route.body:
        schema = _schema(route.body, schemas, f"{module}.{route.body.__name__}")
        asked = {name: value for name, value in route.asked.items() if name not in route.names}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": asked}},
        }
    elif route.raw:
        binary = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": binary}}
    return operation


def _shown(route: Route) -> dict[str, Any]:
    """The example of an answer, and what is like it. What is no JSON has no schema."""
    shown: dict[str, Any] = {"example": route.example}
    return {**shown, "schema": schema_of(route.example)} if route.made == JSON else shown


def _token_words(route: Route) -> str:
    if route.side == PORTAL or route.scope == NEVER:
        return "No token may do this." if route.side == WINDOW else ""
    return "Any token may ask this." if route.scope == ANY else f"A token needs the scope `{route.scope}`."


def _stream_words(route: Route) -> str:
    """What holds for every event stream (HTML standard 9.2)."""
    if route.made != STREAM:
        return ""
    return (
        f"A stream of server-sent events, with a comment every {COMMENT_EVERY_S:.0f} seconds. It ends after "
        f"{LIFE_S / 60:.0f} minutes, and within seconds when the session or the token does. Connect again after the "
        "pause that `retry` tells, and then read anew what you show: what happened meanwhile is not told again."
    )


def _from_guards(route: Route) -> set[int]:
    found = set() if route.role == ANYBODY else {401}
    if route.side == WINDOW:
        # Whoever guessed at tokens waits; and while a part is away nobody can be let in.
        found |= {403, 429, 503}
    if route.role == ADMIN or route.changes:
        found.add(403)
    if route.changes:
        found |= {413, 415}
    return found | {422}


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, **_example(route, name)}
        for name in route.names
    ]
    if route.changes and route.role != ANYBODY:
        header = "X-SYNO-TOKEN" if route.side == WINDOW else "X-CSRF-Token"
        words = "DSM's token against forged requests; not with a token for scripts." if route.side == WINDOW else ""
        needed = route.scope == NEVER
        found.append(
            {"name": header, "in": "header", "required": needed, "description": words, "schema": {"type": "string"}}
        )
    if route.query:
        schema = route.query.model_json_schema()
        for name, described in schema.get("properties", {}).items():
            needed = name in schema.get("required", [])
            known = {"name": name, "in": "query", "required": needed, "schema": described}
            found.append({**known, **_example(route, name)})
    return found


def _example(route: Route, name: str) -> dict[str, Any]:
    return {"example": route.asked[name]} if name in route.asked else {}


def _schema(model: Any, schemas: dict[str, Any], name: str) -> dict[str, str]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas[name] = schema
    return {"$ref": f"#/components/schemas/{name}"}
