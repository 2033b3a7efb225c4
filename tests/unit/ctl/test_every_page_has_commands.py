"""House rule: whatever the window can do, the shell can. Both ask the same operations, and those are compared."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path

import pytest

from mailroom.ctl import commands
from mailroom.web.route import WINDOW, Route, routes

# Which routes need no command, and why.
WITHOUT = {
    "GET api/session": "who is signed in to DSM is asked by a browser alone",
    "GET api/openapi.json": "the document of the API itself",
    "GET api/events": "`mailroomctl events` tells what has happened",
    "GET api/daemons/{id}/log": "`mailroomctl log` reads the log itself, also while nothing runs",
    "GET api/daemons/{id}/log/events": "`mailroomctl log` shows the same lines",
    "GET api/settings/fields": "`mailroomctl settings list` and `docs` name every setting",
    "POST api/settings/preview-undo": "the shell puts a page back as a whole: mailroomctl settings put-back",
    "POST api/settings/undo": "the shell puts a page back as a whole: mailroomctl settings put-back",
    "POST api/settings/check": "a dialog asks about one item; the shell's preview judges the whole change",
    "POST api/setup/draft": "a half-filled wizard belongs to the wizard; the shell has a file",
    "POST api/setup/forget": "a half-filled wizard belongs to the wizard; the shell has a file",
    "GET api/messages": "`mailroomctl messages` reads the journal itself, also while nothing runs",
    "GET api/messages/{id}": "`mailroomctl explain` reads the journal itself, also while nothing runs",
}
ASKING = ("job", "signin")


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def asked_by_route(route: Route) -> set[str]:
    """The operations of other processes that a route's handler names."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(route.handler)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    first = [call.args[0] for call in calls if call.func.attr in ASKING and call.args]  # type: ignore[attr-defined]
    return {one.value for one in first if isinstance(one, ast.Constant)}


def asked_by_shell() -> tuple[set[str], set[str]]:
    """(words, beginnings of words) that the commands have: the operations they ask are among them."""
    words, beginnings = set(), set()
    for folder in commands.__path__:
        for file in Path(folder).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    words.add(node.value)
                if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                    beginnings.add(str(node.values[0].value))
    return words, {one for one in beginnings if one.endswith(".")}


@pytest.mark.parametrize("route", routes(WINDOW), ids=named)
def test_the_shell_can_what_the_window_can(route: Route) -> None:
    words, beginnings = asked_by_shell()
    missing = {
        operation
        for operation in asked_by_route(route)
        if operation not in words and not operation.startswith(tuple(beginnings))
    }
    if named(route) in WITHOUT:
        assert missing or not asked_by_route(route), "it has a command by now: no reason is needed"
        return
    assert asked_by_route(route), "it asks nobody: say above why the shell needs no such command"
    assert missing == set()


def test_reasons_are_given_only_for_routes_that_exist() -> None:
    assert WITHOUT.keys() <= {named(route) for route in routes(WINDOW)}
