"""Signing in to the portal without https: from the local network, never from the Internet."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from mailroom.web import asking, tools
from mailroom.web.route import PORTAL
from mailroom.web.tools import Asking

INSIDE = ("192.168.1.7", "10.0.0.9", "fd00::7", "127.0.0.1", "::1", "fe80::1", "100.64.0.9", "")
OUTSIDE = ("203.0.113.7", "2001:db8::7", "::ffff:203.0.113.7")


def sign_in(address: str, proto: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, list[str]]:
    """(status, code, who was asked of the host)."""
    asked: list[str] = []

    def signin(operation: str, **arguments: Any) -> Any:
        asked.append(str(arguments.get("user")))
        return {"answer": "bad"}

    monkeypatch.setattr(asking, "signin", signin)
    body = json.dumps({"user": "anna", "password": "x"}).encode()
    known = {"x-mailroom-address": address, "x-forwarded-proto": proto, "content-type": "application/json"}
    answer = tools.answer(Asking(PORTAL, "POST", "api/session", "", known, io.BytesIO(body), len(body)))
    assert isinstance(answer.body, bytes)
    return answer.status, json.loads(answer.body)["code"], asked


@pytest.mark.parametrize("address", OUTSIDE)
def test_from_the_internet_only_with_https(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sign_in(address, "http", monkeypatch) == (403, "needs_https", [])
    assert sign_in(address, "", monkeypatch) == (403, "needs_https", [])
    assert sign_in(address, "https", monkeypatch) == (403, "bad", ["anna"])


@pytest.mark.parametrize("address", INSIDE)
def test_from_the_local_network_also_without(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sign_in(address, "http", monkeypatch) == (403, "bad", ["anna"])
