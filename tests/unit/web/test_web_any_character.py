"""Any character in any text of the API: it is taken or refused at its field, and never our fault (no 5xx)."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from mailroom.web import asking, tools
from mailroom.web.portal import sending, sessions, writing
from mailroom.web.portal.imap import pool
from mailroom.web.portal.sessions import Session
from mailroom.web.route import PORTAL, WINDOW, Route, routes
from mailroom.web.tools import Asking
from unicode_samples import HALVES, samples

TOKEN = "mrs1." + "A" * 43
SESSION = Session("anna", TOKEN)
PERSON = {"role": "admin", "full_name": "Anna", "address": "anna@example.com", "active": True}
EVERY = [*routes(WINDOW), *routes(PORTAL)]


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked of the other processes, which say what they would say to the example."""
    heard: list[Any] = []

    def job(operation: str, **facts: Any) -> Any:
        heard.append(json.dumps(facts).encode())
        return {"name": "x", "sent": True}

    def run(session: Session, work: Any, *_: Any, **__: Any) -> Any:
        return {}

    monkeypatch.setattr(asking, "job", job)
    monkeypatch.setattr(asking, "signin", lambda operation, **facts: job(operation, **facts) | {"answer": "bad"})
    monkeypatch.setattr(asking, "person", lambda name: PERSON)
    monkeypatch.setattr(
        asking, "general", lambda: {"max_message_mb": 10, "max_recipients": 100, "hostname": "mail.example.com"}
    )
    monkeypatch.setattr(sessions, "proven", lambda session, address: True)
    monkeypatch.setattr(pool.POOL, "run", run)
    monkeypatch.setattr(sessions, "_key", lambda file: b"k" * 32)
    return heard


def asked(route: Route, facts: dict[str, Any], path: str = "", query: str = "") -> tools.Answer:
    headers = {
        "x-mailroom-user": "anna" if route.side == WINDOW else "",
        "x-syno-token": "t",
        "cookie": f"mailroom=anna:{TOKEN}",
        "x-csrf-token": sessions.csrf(SESSION),
        "content-type": "application/octet-stream" if route.raw else "application/json",
    }
    body = json.dumps(facts).encode()
    known = {name: value for name, value in headers.items() if value}
    return tools.answer(
        Asking(route.side, route.method, path or filled(route, {}), query, known, io.BytesIO(body), len(body))
    )


def filled(route: Route, values: dict[str, str]) -> str:
    path = route.path
    for name in route.names:
        path = path.replace(f"{{{name}}}", str(values.get(name, route.asked[name])))
    return path


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts stand in JSON."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*place, key))


def put(facts: dict[str, Any], place: tuple[Any, ...], text: str) -> dict[str, Any]:
    changed = copy.deepcopy(facts)
    inner: Any = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = text
    return changed


def named(route: Route) -> str:
    return f"{route.side} {route.method} {route.path}"


@pytest.mark.parametrize("route", [route for route in EVERY if route.body], ids=named)
def test_any_character_in_a_body(route: Route, behind: list[Any]) -> None:
    facts = {name: value for name, value in route.asked.items() if name not in route.names}
    if asked(route, facts).status >= 500:
        pytest.skip("what stands behind it cannot be pretended here")
    for place in leaves(facts):
        usual: Any = facts
        for key in place:
            usual = usual[key]
        for char in samples():
            for text in (f"{usual}{char}", f"{char}{usual}", f"a{char} <b@example.net>"):
                answer = asked(route, put(facts, place, text))
                assert answer.status < 500, (place, f"U+{ord(char):04X}")
                if char in HALVES:
                    told = json.loads(bytes(answer.body))  # type: ignore[arg-type]
                    assert answer.status == 422 and told["field"] == ".".join(map(str, place))


@pytest.mark.parametrize("route", [route for route in EVERY if route.names or route.query], ids=named)
def test_any_character_in_a_path_or_a_query(route: Route, behind: list[Any]) -> None:
    fields = {name: value for name, value in route.asked.items() if name not in route.names}
    usual = "&".join(f"{name}={quote(str(value))}" for name, value in fields.items()) if route.query else ""
    if asked(route, fields, query=usual).status >= 500:
        pytest.skip("what stands behind it cannot be pretended here")
    for char in samples():
        for name in route.names:
            path = filled(route, {name: f"{route.asked[name]}{char}"})
            assert asked(route, fields, path, usual).status < 500, (name, f"U+{ord(char):04X}")
        for name in route.query.model_fields if route.query else ():
            given = quote(f"a{char}".encode("utf-8", "surrogatepass"))
            others = [part for part in usual.split("&") if part and not part.startswith(f"{name}=")]
            answer = asked(route, fields, query="&".join([*others, f"{name}={given}"]))
            assert answer.status < 500, (name, f"U+{ord(char):04X}")


@pytest.mark.parametrize("field", ["subject", "text", "html", "to", "cc", "bcc"])
def test_any_character_in_a_message_is_sent_or_refused(
    field: str, behind: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is really written."""
    sent: list[bytes] = []

    def deliver(session: Session, draft: Any, digest: str, bytes_max: int) -> None:
        out = io.BytesIO()
        writing.write(draft, out)
        sent.append(out.getvalue())

    monkeypatch.setattr(sending, "send", deliver)
    route = next(one for one in EVERY if named(one) == "portal POST api/send")
    for char in samples():
        name = f'"a{char}b" <ben@example.net>' if field in ("to", "cc", "bcc") else f"a{char}b"
        facts = {**route.asked, field: [name] if field in ("to", "cc", "bcc") else name}
        answer = asked(route, facts)
        assert answer.status in (200, 422), f"U+{ord(char):04X}"
    assert sent
