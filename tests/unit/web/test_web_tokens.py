"""House rule: no token does on any route what its scopes do not say; wrong ones are counted."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from mailroom.core.problems import Unavailable
from mailroom.core.scopes import ANY, NEVER, SCOPES
from mailroom.web import asking, guards, tools
from mailroom.web.route import PORTAL, WINDOW, Call, Route, routes
from mailroom.web.tools import Asking

EVERY = routes(WINDOW)
TOKEN = {"answer": "valid", "id": "a", "name": "Backup", "maker": "anna", "scopes": list(SCOPES)}


class Behind:
    """What stands behind the web process. asked: what came there, but for the questions of the guards."""

    def __init__(self) -> None:
        self.token: dict[str, Any] = dict(TOKEN)
        self.held_s, self.wrong, self.asked = 0.0, [], []
        self.role = "admin"

    def job(self, operation: str, **arguments: Any) -> Any:
        if operation == "tokens.check":
            return {**self.token, "scopes": self.token["scopes"]}
        self.asked.append((operation, arguments))
        return {}

    def signin(self, operation: str, **arguments: Any) -> Any:
        if operation == "held":
            return {"retry_after_s": self.held_s}
        if operation == "wrong_token":
            self.wrong.append(arguments)
            return {}
        self.asked.append((operation, arguments))
        return {}


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Behind:
    made = Behind()
    monkeypatch.setattr(asking, "job", made.job)
    monkeypatch.setattr(asking, "signin", made.signin)
    monkeypatch.setattr(asking, "person", lambda name: {"role": made.role if name == "anna" else "user"})
    monkeypatch.setattr(asking, "general", lambda: {"domain": "", "hostname": ""})
    return made


def ask(route: Route, **headers: str) -> tools.Answer:
    path = route.path
    for name in route.names:
        path = path.replace(f"{{{name}}}", "7")
    known = {"authorization": "Bearer t", "x-mailroom-address": "192.0.2.7", "content-type": "application/json"}
    known |= {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in known.items() if value}
    return tools.answer(Asking(route.side, route.method, path, "", kept, io.BytesIO(b"[]"), 2))


def code(answer: tools.Answer) -> str:
    assert isinstance(answer.body, bytes)
    return str(json.loads(answer.body)["code"])


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_a_token_without_the_scope_is_refused(route: Route, behind: Behind) -> None:
    behind.token["scopes"] = [scope for scope in SCOPES if scope != route.scope]
    answer = ask(route)
    if route.scope == ANY:
        assert route.path in ("api/session", "api/openapi.json") and answer.status == 200
        return
    assert (answer.status, code(answer)) == (403, "scope") and behind.asked == []


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_a_token_with_this_scope_alone_gets_in_without_dsms_token(route: Route, behind: Behind) -> None:
    behind.token["scopes"] = [route.scope]
    answer = ask(route)
    if route.scope == NEVER:
        assert (answer.status, code(answer)) == (403, "scope")
    else:
        # The body is no object: whoever is told so has passed all guards.
        assert answer.status not in (401, 403, 429)


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_no_token_that_is_no_good_gets_in(route: Route, behind: Behind) -> None:
    for answer in guards.NO_GOOD:
        behind.token["answer"] = answer
        refused = ask(route)
        assert (refused.status, code(refused)) == (401, "token")
    behind.token["answer"], behind.role = "valid", "user"
    refused = ask(route)
    if route.role == "admin" and route.scope != NEVER:
        assert (refused.status, code(refused)) == (403, "refused")
    assert behind.wrong == [{"rip": "192.0.2.7", "token": "t"}]


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_a_token_and_a_session_at_once_are_refused(route: Route, behind: Behind) -> None:
    for header in ({"x_mailroom_user": "anna"}, {"x_syno_token": "t"}):
        refused = ask(route, **header)
        assert (refused.status, code(refused)) == (403, "two_identities")
    refused = ask(route, sec_fetch_site="cross-site")
    assert (refused.status, code(refused)) == (403, "forged")
    assert behind.asked == []


def test_a_token_exports_no_secrets(behind: Behind) -> None:
    """With a passphrase of its own choice it could open what is sealed (decision 0024)."""
    known = {"authorization": "Bearer t", "content-type": "application/json", "x-mailroom-address": "192.0.2.7"}

    def export(body: bytes) -> tools.Answer:
        return tools.answer(Asking(WINDOW, "POST", "api/settings/export", "", known, io.BytesIO(body), len(body)))

    refused = export(b'{"passphrase": "four words without relation", "password": "x"}')
    assert (refused.status, code(refused)) == (403, "scope") and behind.asked == []
    export(b"{}")
    assert [operation for operation, _ in behind.asked] == ["settings.export"]


def test_who_guessed_too_often_waits_even_with_the_right_token(behind: Behind) -> None:
    behind.held_s = 12.4
    refused = ask(EVERY[0])
    assert (refused.status, code(refused), refused.headers["Retry-After"]) == (429, "too_many", "12")


def test_records_name_the_token_and_its_maker(behind: Behind) -> None:
    route = next(one for one in EVERY if one.path == "api/sync/approve")
    asked = Asking(
        WINDOW,
        "POST",
        "api/sync/approve",
        "",
        {"authorization": "bearer  t", "content-type": "application/json", "x-mailroom-address": "192.0.2.7"},
        io.BytesIO(b"{}"),
        2,
    )
    assert route.scope == "accounts:change" and tools.answer(asked).status == 200
    assert behind.asked == [("sync.approve", {"who": "token Backup of anna", "where": "192.0.2.7"})]


def test_other_kinds_of_authorization_are_no_token(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []

    def check(operation: str, **arguments: Any) -> Any:
        shown.append(arguments["token"])
        return {**TOKEN, "answer": "wrong", "scopes": []}

    monkeypatch.setattr(asking, "job", check)
    for given in ("Basic YW5uYTpzZWNyZXQ=", "Bearer", "Bearer ", "t", "Digest x"):
        assert ask(EVERY[0], authorization=given).status == 401
    assert set(shown) == {""}


def test_the_portal_knows_no_tokens() -> None:
    for route in routes(PORTAL):
        assert route.scope == NEVER
        if route.role != "anybody":
            assert ask(route).status == 401


def test_the_scopes_are_those_that_routes_need() -> None:
    assert {route.scope for route in EVERY} - {ANY, NEVER} == set(SCOPES)


def test_only_the_tokens_own_module_is_closed_to_tokens() -> None:
    assert {route.handler.__module__.rpartition(".")[2] for route in EVERY if route.scope == NEVER} == {"tokens"}


def test_a_listener_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    works, role = True, "admin"
    monkeypatch.setattr(asking, "job", lambda operation, **more: works)
    monkeypatch.setattr(asking, "person", lambda name: {"role": role})
    assert guards.still_allowed({"person": "anna", "token": ""})
    assert guards.still_allowed({"person": "anna", "token": "a"})
    works = False
    assert guards.still_allowed({"person": "anna", "token": ""})
    assert not guards.still_allowed({"person": "anna", "token": "a"})
    works, role = True, "user"
    assert not guards.still_allowed({"person": "anna", "token": ""})
    assert not guards.still_allowed({"person": "anna", "token": "a"})


def test_a_stream_tells_the_hub_who_listens(behind: Behind) -> None:
    route = next(one for one in EVERY if one.path == "api/events")
    told = json.loads(ask(route).headers[tools.STREAM_HEADER])
    assert (told["person"], told["token"]) == ("anna", "a")
    assert Call("token Backup of anna", "").person == ""


def test_while_the_services_are_down_nobody_is_let_in(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> Any:
        raise Unavailable("job does not answer.")

    monkeypatch.setattr(asking, "job", down)
    assert ask(EVERY[0]).status == 503
