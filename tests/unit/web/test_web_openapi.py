"""House rule: every route shows what is asked and what comes back, and the document tells who may ask it."""

from __future__ import annotations

import json

import pytest
from jsonschema_rs import Draft202012Validator

from mailroom.core.scopes import ANY, NEVER
from mailroom.web import openapi
from mailroom.web.route import ANYBODY, PORTAL, WINDOW, Route, routes
from mailroom.web.shapes import Named, free, schema_of

EVERY = [*routes(WINDOW), *routes(PORTAL)]


def named(route: Route) -> str:
    return f"{route.side} {route.method} {route.path}"


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_the_example_can_be_asked(route: Route) -> None:
    assert [name for name in route.names if name not in route.asked] == [], "names of the path without an example"
    fields = {name: value for name, value in route.asked.items() if name not in route.names}
    for model in filter(None, (route.query, route.body)):
        model.model_validate(fields)
    if route.body and route.body.model_fields:
        assert fields, "a body without an example"
    if not route.query and not route.body:
        assert fields == {}


@pytest.mark.parametrize("route", EVERY, ids=named)
def test_the_document_tells_who_may_and_what_comes_back(route: Route) -> None:
    operation = json.loads(json.dumps(openapi.document(route.side)))["paths"][f"/{route.path}"][route.method.lower()]
    shown = operation["responses"]["200"]["content"][route.made]
    assert shown["example"] == json.loads(json.dumps(route.example))
    if route.made == "application/json":
        assert Draft202012Validator(shown["schema"]).is_valid(shown["example"])
    else:
        assert shown["example"]
    if route.role == ANYBODY:
        assert "security" not in operation
        return
    ways = {name: scopes for way in operation["security"] for name, scopes in way.items()}
    assert operation["x-scope"] == route.scope and ways["session"] == []
    assert ways.get("bearer") == {NEVER: None, ANY: []}.get(route.scope, [route.scope])
    assert (route.scope == NEVER or f"`{route.scope}`" in operation["description"]) or route.scope == ANY


def test_a_shape_is_told_by_its_example() -> None:
    shape = schema_of(
        {
            "total": 1,
            "rows": [{"id": "a", "on": True, "why": None}],
            "by": Named({"x": 1}),
            "value": free(10),
            "none": [],
        }
    )
    valid = Draft202012Validator(shape).is_valid
    whole = {"total": 2.5, "rows": [], "by": {}, "value": "any", "none": [1]}
    assert valid(whole) and valid({**whole, "rows": [{"id": None}, {"on": False, "why": [1]}], "by": {"y": 3}})
    wrong = ({"total": "2"}, {"rows": None}, {"rows": [{"id": 1}]}, {"by": {"y": "3"}}, {"rows": [{"on": 1}]})
    assert not any(valid({**whole, **one}) for one in wrong)
    assert not valid({name: value for name, value in whole.items() if name != "total"})
