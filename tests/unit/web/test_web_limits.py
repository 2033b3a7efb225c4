"""How long the web process waits for the job process: long enough for whatever changes something."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, cast

import pytest

from mailroom.app import settings_operations
from mailroom.flows.mail_queue import MailQueue
from mailroom.flows.quarantine import Quarantine
from mailroom.web import asking, waiting


def _changing() -> list[str]:
    """The operations that have an author: each changes something and goes on when nobody waits any more."""
    queue, quarantine = MailQueue(cast(Any, None)), Quarantine(*cast(Any, [None] * 4))
    found: dict[str, Callable[..., Any]] = settings_operations(cast(Any, None))
    found = found | queue.operations() | quarantine.operations()
    return [name for name, work in found.items() if "who" in inspect.signature(work).parameters]


@pytest.mark.parametrize("operation", _changing())
def test_what_changes_something_is_waited_for(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []
    monkeypatch.setattr(asking, "ask", lambda path, request, limit_s: limits.append(limit_s))
    monkeypatch.setattr(waiting, "refuse", lambda: None)
    asking.job(operation)
    assert limits == [asking.CHANGE_LIMIT_S]
