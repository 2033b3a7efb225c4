"""House rule: every route refuses whoever may not call it, before anything is done; and every route is documented."""

from __future__ import annotations

import inspect
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailroom.core.problems import Unavailable
from mailroom.web import asking, openapi, tools
from mailroom.web.portal import sessions
from mailroom.web.portal.imap.pool import POOL
from mailroom.web.route import ADMIN, ANYBODY, PORTAL, USER, WINDOW, ForeignQuery, Route, find, routes
from mailroom.web.tools import Asking

EVERY = [*routes(WINDOW), *routes(PORTAL)]
TOKEN = "mrs1." + "a" * 43
SESSION = sessions.Session("anna", TOKEN)
# They change nothing; or nothing but what somebody is typing (row SW08).
ASK_ONLY = {
    "api/settings/check",
    "api/settings/preview",
    "api/accounts/preview",
    "api/setup/draft",
    "api/certificate/check",
}


# Whoever is not signed in may ask these: a mail program that is being set up, and who signs in.
OPEN = {
    "portal POST api/session",
    "portal GET api/clients/config-v1.1.xml",
    "portal GET api/mta-sts/{domain}",
    "portal GET api/clients/mailroom.mobileconfig",
    "portal POST api/clients/autodiscover.xml",
    "portal GET api/clients/autodiscover.xml",
    "portal GET api/clients/autodiscover.json",
    "portal GET api/clients/autodiscover.json/v1.0/{address}",
}


class Touched(Exception):
    """A handler was reached."""


@pytest.fixture(autouse=True)
def nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Whoever gets as far as asking for something fails the test."""

    def touch(*_: Any, **__: Any) -> Any:
        raise Touched

    for name in ("job", "signin", "general", "clients"):
        monkeypatch.setattr(asking, name, touch)
    monkeypatch.setattr(POOL, "run", touch)
    monkeypatch.setattr(asking, "person", lambda name: {"role": "admin" if name == "anna" else "user"})
    monkeypatch.setattr(sessions, "proven", lambda session, address: session == SESSION)
    monkeypatch.setattr(sessions, "KEY_FILE", tmp_path / "key")


def named(route: Route) -> str:
    return f"{route.side} {route.method} {route.path}"


def asked(route: Route, user: str = "anna", **headers: str) -> tools.Answer:
    """The answer to a request that is right but for what the test leaves out or changes ("" leaves a header out)."""
    path = route.path
    for name in route.names:
        path = path.replace(f"{{{name}}}", "7")
    if route.side == WINDOW:
        known = {"x-mailroom-user": user, "x-syno-token": "t"}
    else:
        known = {"cookie": f"mailroom={user}:{TOKEN}" if user else "", "x-csrf-token": sessions.csrf(SESSION)}
    known["content-type"] = "" if route.raw else "application/json"
    known.update({name.replace("_", "-"): value for name, value in headers.items()})
    kept = {name: value for name, value in known.items() if value}
    return tools.answer(Asking(route.side, route.method, path, "", kept, io.BytesIO(b"[]"), 2))


def code(answer: tools.Answer) -> str:
    assert isinstance(answer.body, bytes)
    return str(json.loads(answer.body)["code"])


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_nobody_is_refused(route: Route) -> None:
    if route.role == ANYBODY:
        assert named(route) in OPEN
        return
    answer = asked(route, user="")
    assert (answer.status, code(answer)) == (401, "signed_out")


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_who_is_no_administrator_is_refused(route: Route) -> None:
    if route.side == PORTAL:
        # There a token that does not work is the other kind of stranger.
        assert route.role in (USER, ANYBODY)
        if route.role == USER:
            assert asked(route, user="ben").status == 401
    elif route.role == USER:
        assert named(route) in ("window GET api/session", "window GET api/clients")
    else:
        assert route.role == ADMIN
        answer = asked(route, user="ben")
        assert (answer.status, code(answer)) == (403, "refused")


@pytest.mark.parametrize("route", [route for route in EVERY if route.changes], ids=named)
def test_a_forged_change_is_refused(route: Route) -> None:
    assert asked(route, sec_fetch_site="cross-site").status == 403
    if route.role != ANYBODY:
        for headers in ({"x_syno_token": "", "x_csrf_token": ""}, {"x_syno_token": "", "x_csrf_token": "0" * 64}):
            answer = asked(route, **headers)
            assert (answer.status, code(answer)) == (403, "forged")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = asked(route, content_type=kind)
        if not route.raw or kind.startswith(("application/x-www", "multipart")):
            assert (answer.status, code(answer)) == (415, "wrong_type"), kind


@pytest.mark.parametrize("route", [route for route in EVERY if route.changes and not route.raw], ids=named)
def test_a_body_that_is_no_object_is_refused(route: Route) -> None:
    assert route.body is not None, "it would read nothing"
    assert asked(route).status == 422


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_what_is_not_declared_is_refused(route: Route) -> None:
    for model in filter(None, (route.query, route.body)):
        foreign = issubclass(model, ForeignQuery)
        assert model.model_config["extra"] == ("ignore" if foreign else "forbid")
        assert not foreign or route.role == ANYBODY
    if not route.changes and route.role != ANYBODY:
        known = {"x-mailroom-user": "anna", "cookie": f"mailroom=anna:{TOKEN}"}
        path = route.path
        for name in route.names:
            path = path.replace(f"{{{name}}}", "7")
        answer = tools.answer(Asking(route.side, route.method, path, "shoe=1", known, io.BytesIO()))
        assert (answer.status, code(answer)) == (422, "invalid")


@pytest.mark.parametrize("route", [one for one in routes(WINDOW) if one.changes], ids=named)
def test_every_change_in_the_window_leaves_a_record(route: Route) -> None:
    records_itself = "who=call.user" in inspect.getsource(route.handler)
    assert route.asks_only or route.path in ASK_ONLY or bool(route.audit) != records_itself


@pytest.mark.parametrize("side", [WINDOW, PORTAL])
def test_the_document_tells_of_every_route(side: str) -> None:
    document = json.loads(json.dumps(openapi.document(side)))
    told = {(path.removeprefix("/"), method) for path, item in document["paths"].items() for method in item}
    assert told == {(route.path, route.method.lower()) for route in routes(side)}
    ids = []
    for item in document["paths"].values():
        for operation in item.values():
            ids.append(operation["operationId"])
            assert operation["summary"] and operation["responses"]["200"]["description"]
            assert "example" in next(iter(operation["responses"]["200"]["content"].values()))
            assert {"401", "403"} & operation["responses"].keys() or operation["x-role"] == ANYBODY
    assert len(ids) == len(set(ids))


def test_each_path_finds_its_own_route() -> None:
    for route in EVERY:
        path = route.path
        for name in route.names:
            path = path.replace(f"{{{name}}}", "7" if name == "uid" else "word")
        found, names, _ = find(route.side, route.method, path)
        assert found is route and set(names) == set(route.names)
    found, names, _ = find(PORTAL, "GET", "api/folders/a/b c/messages/5/parts/2.1")
    assert found and names == {"id": "a/b c", "uid": "5", "part": "2.1"}
    found, names, _ = find(PORTAL, "GET", "api/folders/a/messages/messages")
    assert found and names == {"id": "a/messages"}


def test_a_method_that_is_not_there_and_a_place_that_is_not() -> None:
    answer = tools.answer(Asking(WINDOW, "PUT", "api/settings", "", {"x-mailroom-user": "anna"}, io.BytesIO()))
    assert answer.status == 405
    assert tools.answer(Asking(WINDOW, "GET", "api/shoe", "", {}, io.BytesIO())).status == 404


def test_a_problem_behind_comes_through_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> Any:
        raise Unavailable("job does not answer.", next="Try again.")

    monkeypatch.setattr(asking, "job", down)
    answer = asked(next(route for route in EVERY if route.path == "api/overview"))
    assert answer.status == 503 and isinstance(answer.body, bytes)
    assert json.loads(answer.body) == {"code": "unavailable", "message": "job does not answer.", "next": "Try again."}


def test_what_fails_inside_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    answer = asked(next(route for route in EVERY if route.path == "api/overview"))
    assert answer.status == 500 and code(answer) == "internal" and "Touched" not in str(answer.body)
    assert "Touched at test_web_route_guards.py" in caplog.text


FACTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("route", [route for route in EVERY if route.body], ids=named)
def test_no_body_is_too_odd(route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each field in turn holds something odd, in an otherwise whole body, or the body is odd as a whole."""
    monkeypatch.setattr(asking, "job", lambda *_, **__: {})
    assert route.body is not None
    fields = list(route.body.model_fields)

    @given(st.data())
    @settings(max_examples=30)
    def check(data: st.DataObject) -> None:
        chosen = data.draw(st.lists(st.sampled_from(fields), unique=True)) if fields else []
        body = json.dumps({name: data.draw(FACTS) for name in chosen}).encode()
        headers = {"x-mailroom-user": "anna", "x-syno-token": "t", "content-type": "application/json"}
        headers |= {"cookie": f"mailroom=anna:{TOKEN}", "x-csrf-token": sessions.csrf(SESSION)}
        path = route.path
        for name in route.names:
            path = path.replace(f"{{{name}}}", "7")
        answer = tools.answer(Asking(route.side, route.method, path, "", headers, io.BytesIO(body), len(body)))
        # 500 is the answer of a handler that reached what stands for the mailbox here.
        assert answer.status in (200, 404, 422) or (answer.status == 500 and fields_are_whole(route, body))

    check()


def fields_are_whole(route: Route, body: bytes) -> bool:
    """Whether the route's own declaration takes this body."""
    assert route.body is not None
    route.body.model_validate(json.loads(body))
    return True
