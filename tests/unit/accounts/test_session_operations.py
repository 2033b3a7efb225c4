"""The sign-in service's questions about sessions of the portal, as other processes ask them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from mailroom.accounts.signin.service import Service
from mailroom.accounts.signin.sessions import id_of
from mailroom.store.accounts import ACTIVATE, Account, AccountStore

ANNA = Account("anna", "Anna", 1030, choice=ACTIVATE, seat=True)


class Asked:
    """A service with an account table of its own, and nobody else."""

    def __init__(self, folder: Path) -> None:
        (folder / "db").mkdir()
        self.store = AccountStore(folder / "db" / "accounts.sqlite")
        self.store.save([ANNA], synced=True, domain="example.com", domains=["example.com"])
        self.service = Service(folder, folder)

    def __call__(self, op: str, **more: Any) -> Any:
        told = asyncio.run(self.service.answer(json.dumps({"op": op, **more}).encode()))
        return told.get("result", told.get("status"))


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


def test_a_session_is_open_until_it_is_ended(asked: Asked) -> None:
    token = asked.service.sessions.open("anna", "192.0.2.7")
    assert asked("session_is_open", user="anna", token=token) == {"open": True}
    (one,) = asked("open_sessions")["sessions"]
    assert (one["user"], one["address"], one["id"]) == ("anna", "192.0.2.7", id_of(token))
    assert asked("session_end", id=one["id"]) == {"user": "anna"} and asked("session_end", id=one["id"]) == 404
    assert asked("session_is_open", user="anna", token=token) == {"open": False}


def test_all_of_a_user_are_ended_at_once(asked: Asked) -> None:
    tokens = [asked.service.sessions.open("anna") for _ in range(3)] + [asked.service.sessions.open("ben")]
    assert asked("sessions_end", user="Anna") == {"ended": 3}
    assert [one["user"] for one in asked("open_sessions")["sessions"]] == ["ben"]
    assert asked("session_is_open", user="anna", token=tokens[0]) == {"open": False}


def test_who_may_use_mail_no_longer_has_nothing_open(asked: Asked) -> None:
    token = asked.service.sessions.open("anna")
    asked.store.save([Account("anna", "Anna", 1030, disabled=True, choice=ACTIVATE, seat=True)])
    assert asked("session_is_open", user="anna", token=token) == {"open": False}


def test_a_table_that_cannot_be_read_ends_nothing(asked: Asked, tmp_path: Path) -> None:
    token = asked.service.sessions.open("anna")
    (tmp_path / "db" / "accounts.sqlite").rename(tmp_path / "elsewhere")
    assert asked("session_is_open", user="anna", token=token) == 503
