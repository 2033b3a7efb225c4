"""Whoever may not, cannot: every route of both sides, as the route table has them, on the whole machine.

Each attack carries a body that would really do something; at the end the server's records show that nothing was done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import attacks
import pytest
from attacks import GUESSER, OTHER, OWN, Session, attempt, send, sign_in, target_of

from desktop import Portal
from mailroom.core.scopes import ANY, NEVER, SCOPES
from mailroom.web.route import ANYBODY, PORTAL, WINDOW, Route, routes
from office import Office

# Changes what the token table says of a token: how it looks when time has passed.
AGES = """
import sqlite3
with sqlite3.connect("/data/db/tokens.sqlite") as table:
    table.execute("UPDATE tokens SET expires = 1 WHERE name = 'expired'")
    table.execute("UPDATE tokens SET maker = 'ben' WHERE name = 'dead'")
"""

GONE = """
import sqlite3
with sqlite3.connect("/data/db/tokens.sqlite") as table:
    table.execute("DELETE FROM tokens")
"""


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@dataclass
class Scene:
    """Who is signed in, which tokens there are, and how the server was before. own, other: Cookie and CSRF line."""

    admin: Session
    user: Session
    tokens: dict[str, str]
    own: list[str]
    other: list[str]
    before: dict[str, Any]


def state(server: Office) -> dict[str, Any]:
    """What an attack could have changed."""
    events = server.ctl("events", "--limit", "200")
    return {
        # The server's own doings go on meanwhile, and push the oldest out; what somebody has done names that one.
        "events": [one["id"] for one in events if one["who"] != "Mailroom"][:50],
        "settings": server.ctl("settings", "list"),
        "accounts": server.ctl("accounts", "list"),
        "tokens": [one["id"] for one in server.ctl("tokens", "list")["tokens"]],
        "mail": server.folder_of("ben"),
    }


@pytest.fixture(scope="module")
def scene(server: Office) -> Iterator[Scene]:
    tokens = {}
    for name, scopes in {
        **{f"without {scope}": [one for one in SCOPES if one != scope] for scope in SCOPES},
        **dict.fromkeys(("good", "expired", "revoked", "dead", f"without {NEVER}"), SCOPES),
    }.items():
        words = [word for scope in scopes for word in ("--scope", scope)]
        tokens[name] = server.ctl("tokens", "create", name.strip(), *words, "--for", "anna")["token"]
    server.ctl("tokens", "revoke", "revoked")
    server.inside("python3.11", "-c", AGES)
    portals = [Portal(server), Portal(server)]
    for portal, user in zip(portals, ("ben", "chloe"), strict=True):
        portal.sign_in(user)
    lines = [[f"{name}: {value}" for name, value in portal.headers.items()] for portal in portals]
    admin, user = sign_in(server, "admin"), sign_in(server, "ben")
    yield Scene(admin, user, tokens, *lines, state(server))
    server.inside("python3.11", "-c", GONE)
    server.ctl("bans", "lift", "address", server.address(GUESSER), check=False)


@pytest.mark.parametrize("route", routes(WINDOW), ids=named)
def test_the_window_refuses(route: Route, scene: Scene, server: Office) -> None:
    found = [*attacks.on_the_window(route, scene.admin, scene.user, server.address(OWN))]
    assert attacks.got_in(server, route, [*found, *attacks.with_tokens(route, scene.tokens, scene.admin)]) == []


@pytest.mark.parametrize("route", routes(PORTAL), ids=named)
def test_the_portal_refuses(route: Route, scene: Scene, server: Office) -> None:
    if route.role == ANYBODY and not route.changes:
        assert attempt(server, route, attacks.Attack("anybody")).status not in (401, 403)
        return
    found = attacks.on_the_portal(route, scene.own, scene.other)
    # Signing in needs no session, and a page that is not ours cannot read its answer.
    wanted = [attack for attack in found if route.role != ANYBODY or 415 in attack.refused]
    assert attacks.got_in(server, route, wanted) == []


@pytest.mark.parametrize("route", routes(WINDOW), ids=named)
def test_who_may_gets_past_the_guards(route: Route, scene: Scene, server: Office) -> None:
    """The same requests but for what made them attacks; so that a refusal above means what it says."""
    target = target_of(route, "" if route.changes else "nothing=asked")
    for lines in (scene.admin.lines, [f"Authorization: Bearer {scene.tokens['good']}"]):
        if route.scope == NEVER and "Authorization" in lines[0]:
            continue
        # A body that is no object, and a query that is not declared: nothing is done, and it is told so behind them.
        body = b"[]" if route.changes else b""
        answer = send(server, route.method, target, ["Content-Type: application/json", *lines], body)
        assert answer.status == 422, answer


def test_nothing_has_changed(scene: Scene, server: Office) -> None:
    assert state(server) == scene.before


def test_wrong_tokens_are_counted_and_waited_out(scene: Scene, server: Office) -> None:
    """As many as it takes, and then the right one has to wait too; the window's page lets the address in again."""
    address = server.address(GUESSER)
    target = target_of(next(route for route in routes(WINDOW) if route.scope == ANY))
    wrong = (f"Authorization: Bearer mrt1.aaaaaaaaaaaa.{turn:043d}" for turn in range(1_000))
    while send(server, "GET", target, [next(wrong)], last=GUESSER).status == 401:
        pass
    right = [f"Authorization: Bearer {scene.tokens['good']}"]
    held = send(server, "GET", target, right, last=GUESSER)
    assert held.status == 429 and held.facts["retry_after_s"] > 0
    assert address in [ban["value"] for ban in server.ctl("bans", "list")["bans"]]
    assert send(server, "GET", target, right, last=OTHER).status == 200
    server.ctl("bans", "lift", "address", address)
    assert send(server, "GET", target, right, last=GUESSER).status == 200
    known = next(one for one in server.ctl("tokens", "list")["tokens"] if one["name"] == "good")
    assert known["used_from"] == address and known["used"]


def test_a_mail_session_is_not_bound_to_an_address(scene: Scene, server: Office) -> None:
    """Decided so: telephones change theirs all day (docs/api.md). Its cookie is out of reach of scripts instead."""
    answer = send(server, "GET", "/mail/api/folders", scene.own[:1], last=OTHER)
    assert answer.status == 200
    body = json.dumps({"user": "ben", "password": server.passwords["ben"]}).encode()
    signed_in = send(server, "POST", "/mail/api/session", ["Content-Type: application/json"], body)
    assert "HttpOnly; SameSite=Strict" in signed_in.headers
