"""Made-up requests, good and bad, for every operation of both documents: no failure, no answer but those described."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import portal_samples as samples
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from portal_house import Answer, Browser, House, Window
from schemathesis import Case, GenerationMode

from mailroom.web import openapi
from mailroom.web.route import PORTAL, WINDOW

EXAMPLES = 10
# Its answers do not end; tests of their own listen to them.
STREAM = "text/event-stream"
# Names that lead somewhere: made-up ones hardly ever do.
REAL = {"id": "INBOX", "uid": "1", "part": "1", "page": "mail_delivery.general"}
Ask = Callable[[str, str, bytes | None, dict[str, str]], Answer]


def operations(side: str) -> list[Any]:
    """Every operation of a side's document, but its streams."""
    found = [one.ok() for one in schemathesis.openapi.from_dict(openapi.document(side)).get_all_operations()]
    return [one for one in found if STREAM not in described(one)["200"]["content"]]


def described(operation: Any) -> dict[str, Any]:
    """The answers that the document names."""
    return dict(operation.definition.raw["responses"])


def name(operation: Any) -> str:
    return f"{operation.method.upper()} {operation.path}"


def body(case: Case) -> bytes | None:
    """The body as it is sent; None when there is none."""
    if isinstance(case.body, schemathesis.core.NotSet):
        return None
    raw = getattr(case.body, "data", case.body)
    return raw if isinstance(raw, bytes) else json.dumps(raw).encode()


def try_out(operation: Any, ask: Ask) -> None:
    """Ask in many ways; each answer must be one that the document describes."""
    answers = described(operation)
    modes = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]

    @settings(
        max_examples=2 * EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=st.one_of(modes), real=st.booleans())
    def once(case: Case, real: bool) -> None:
        if real and case.path_parameters:
            case.path_parameters = {key: REAL.get(key, value) for key, value in case.path_parameters.items()}
        query = urlencode(case.query or {}, doseq=True, errors="replace")
        path = case.formatted_path.removeprefix("/") + (f"?{query}" if query else "")
        kind = {"Content-Type": case.media_type} if case.media_type else {}
        answer = ask(case.method, path, body(case), kind)
        told = f"{case.method} {path} {body(case)!r}: {answer.status} {answer.body[:500]!r}"
        assert answer.status < 500 and str(answer.status) in answers, told
        sort = answer.headers.get("content-type", "").partition(";")[0]
        assert sort in answers[str(answer.status)]["content"], f"{sort}: {told}"
        if answer.status >= 400:
            assert answer.facts["code"] and answer.facts["message"], told

    once()


@pytest.fixture(scope="module")
def portal(house: House) -> Ask:
    """anna at /mail, with a message to read; signed in again when an operation has signed her out."""
    house.deliver("anna", samples.plain("for everybody who asks"))
    # Many made-up passwords come from here: nobody else's sign-ins shall have to wait for that.
    browser = Browser(house, "192.0.2.201")
    assert browser.sign_in("anna").status == 200

    def ask(method: str, path: str, raw: bytes | None, headers: dict[str, str]) -> Answer:
        got = browser.ask(method, path, raw=raw or b"", **headers)
        if got.status == 401 or (method, path) == ("DELETE", "api/session"):
            assert browser.sign_in("anna").status == 200
        return got

    return ask


@pytest.mark.parametrize("operation", operations(PORTAL), ids=name)
def test_the_portal_answers_as_described(operation: Any, portal: Ask) -> None:
    try_out(operation, portal)


@pytest.mark.parametrize("operation", operations(WINDOW), ids=name)
def test_the_window_answers_as_described(operation: Any, house: House) -> None:
    try_out(operation, lambda method, path, raw, headers: Window(house).ask(method, path, raw=raw, **headers))


def test_the_documents_are_the_served_ones(house: House, anna: Browser) -> None:
    for served, side in ((anna.get("api/openapi.json"), PORTAL), (Window(house).get("api/openapi.json"), WINDOW)):
        assert served == json.loads(json.dumps(openapi.document(side)))
