"""The OpenAPI documents say what is true: real answers have the shape that the documents tell."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from jsonschema_rs import Draft202012Validator

from authority import certificate
from changing import changed, newest_revision
from desktop import Desktop, Portal, Refusal
from mailroom.web import openapi
from mailroom.web.route import ANYBODY, PORTAL, WINDOW, Route, routes
from office import DOMAIN, Office, until

JSON = "application/json"
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
RULE = {"name": "Spam", "enabled": True, "type": "sender", "criteria": "*@spam.example", "action": "reject"}
# What a route that takes a file is given.
FILES = {"api/aliases/import-preview": b"office: ben\n", "api/auto-bcc/import-preview": b"/@world[.]example/ ben\n"}
# Asked only to look; and the names in a path are found by looking.
LOOKS = [route for side in (WINDOW, PORTAL) for route in routes(side) if not route.changes or route.asks_only]


def closed(schema: Any) -> Any:
    """The schema with nothing allowed that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {**inner, "additionalProperties": False} if "properties" in inner and "type" in inner else inner


@pytest.fixture(scope="module")
def found(server: Office) -> dict[str, dict[str, Any]]:
    """Names that lead somewhere on this server, by the route that takes them."""
    server.deliver("look at me")
    server.arrived("ben", "look at me")
    messages = until(lambda: server.ctl("messages")["messages"], 30, "it is in the journal")
    server.deliver("held for a look", text=f"{EICAR}\n")
    kept = until(lambda: server.ctl("quarantine", "list")["messages"], 30, "it is in the quarantine")
    # The history tells of a list, too.
    with changed(server, "mail_delivery.lists", blacklist=[RULE]):
        pass
    test_mail = Desktop(server, "admin").post("api/setup/test_mail", to=f"ben@{DOMAIN}")
    uid = ben(server).ask("GET", "api/folders/INBOX/messages")["messages"][0]["uid"]
    server.ctl("check", "doctor")
    made = certificate(DOMAIN)
    files = {"certificate": made.pem, "key": made.key_pem()}
    return {
        "api/certificate/check": {name: base64.b64encode(file).decode() for name, file in files.items()},
        "api/quarantine/{id}": {"id": kept[0]["id"]},
        "api/messages/{id}": {"id": messages[0]["id"]},
        "api/setup/test_mail/{id}": {"id": test_mail["id"]},
        "api/folders/{id}/messages/{uid}": {"uid": uid},
    }


def ben(server: Office) -> Portal:
    """ben's mail, signed in."""
    portal = Portal(server)
    portal.sign_in("ben")
    return portal


def asked_of(route: Route, server: Office, found: dict[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Path and body of the route's example, with what this server has in place of names and numbers."""
    known = {**route.asked, **found.get(route.path, {})}
    path = route.path
    for name in route.names:
        path = path.replace(f"{{{name}}}", str(known.pop(name)))
    revision = newest_revision(server)
    now = {"revision": revision, "from": revision, "to": revision, "undo": revision}
    return path, {name: now.get(name, value) for name, value in known.items()}


@pytest.mark.parametrize(
    "route",
    [one for one in LOOKS if one.made == JSON and one.role != ANYBODY],
    ids=lambda one: f"{one.side} {one.path}",
)
def test_an_answer_is_as_the_document_tells(route: Route, server: Office, found: dict[str, dict[str, Any]]) -> None:
    path, facts = asked_of(route, server, found)
    asker: Desktop | Portal = Desktop(server, "admin") if route.side == WINDOW else ben(server)
    ask: Callable[..., Any] = asker.ask
    if route.raw:
        answer = asker.ask(route.method, f"{path}?{urlencode(facts)}", FILES[path], {"Content-Type": "text/plain"})
    elif route.changes:
        answer = ask(route.method, path, facts)
    else:
        query = "&".join(f"{name}={value}" for name, value in facts.items())
        answer = ask(route.method, f"{path}?{query}" if query else path)
    told = openapi.document(route.side)["paths"][f"/{route.path}"][route.method.lower()]["responses"]["200"]
    faults = [
        f"{'/'.join(map(str, fault.instance_path))}: {fault.message[:300]}"
        for fault in Draft202012Validator(closed(told["content"][JSON]["schema"])).iter_errors(answer)
    ]
    assert faults == []


def test_the_document_is_for_administrators_and_names_the_token(server: Office) -> None:
    document = Desktop(server, "admin").get("api/openapi.json")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["paths"]["/api/settings/apply"]["post"]["security"] == [
        {"session": []},
        {"bearer": ["settings:change"]},
    ]
    with pytest.raises(Refusal) as refused:
        Desktop(server, "ben").get("api/openapi.json")
    assert refused.value.status == 403
