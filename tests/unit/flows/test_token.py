"""Tokens for scripts: what they may, how long, and what is kept of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mailroom.core.problems import Invalid, NotFound, Refused
from mailroom.flows.token import DAY_S, NOTED_EVERY_S, REMEMBERED_S, SHAPE, Tokens
from mailroom.store.events import EventStore
from mailroom.store.tokens import TokenStore

ADDRESS = "192.0.2.7"


class Clock:
    now_s = 1_790_000_000.0

    def now(self) -> float:
        return self.now_s


class House:
    def __init__(self, folder: Path) -> None:
        self.clock, self.admins, self.file = Clock(), {"anna", "ben"}, folder / "tokens.sqlite"
        self.events = EventStore(folder / "events.sqlite", self.clock)
        self.tokens = Tokens(TokenStore(self.file), self.events, self.admins.__contains__, self.clock)

    def make(self, name: str = "Backup", scopes: tuple[str, ...] = ("server:read",), days: int = 30) -> dict[str, Any]:
        return self.tokens.create(name, list(scopes), days, "anna", "anna", ADDRESS)

    def check(self, token: str, address: str = ADDRESS) -> str:
        return str(self.tokens.check(token, address)["answer"])


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_token_is_shown_once_and_only_its_digest_is_kept(house: House) -> None:
    made = house.make(scopes=("messages:read", "server:read"))
    shaped = SHAPE.fullmatch(made["token"])
    assert shaped and shaped[1] == made["id"]
    assert made["scopes"] == ["server:read", "messages:read"] and made["expires"] - made["created"] == 30 * DAY_S
    for kept in (made["token"], shaped[2]):
        assert all(kept not in file.read_bytes().decode("latin-1") for file in house.file.parent.iterdir())
        assert kept not in str(house.tokens.listed()) and kept not in str(house.events.newest())
    told = house.tokens.check(made["token"], ADDRESS)
    assert told == {"answer": "valid", "id": made["id"], "name": "Backup", "maker": "anna", "scopes": made["scopes"]}


def test_any_other_secret_is_wrong(house: House) -> None:
    token = house.make()["token"]
    other = house.make("Other")["token"]
    mixed = f"{token[:18]}{other[18:]}"
    for wrong in ("", "mrt1.", token[:-1], token + "x", token.upper(), mixed, f"{token}\n", "mrt1.." + "a" * 43):
        assert house.check(wrong) == "wrong", wrong


def test_it_ends_by_its_date_by_being_revoked_and_with_its_maker(house: House) -> None:
    made, other = house.make(days=1), house.make("Other")
    house.admins.remove("anna")
    assert house.check(made["token"]) == "dead" and not house.tokens.works(made["id"])
    assert {one["state"] for one in house.tokens.listed()["tokens"]} == {"dead"}
    house.admins.add("anna")
    assert house.check(made["token"]) == "valid" and house.tokens.works(made["id"])
    house.clock.now_s += DAY_S
    assert house.check(made["token"]) == "expired" and not house.tokens.works(made["id"])
    assert house.tokens.revoke(other["id"], "ben", ADDRESS) == {"revoked": "Other"}
    assert house.check(other["token"]) == "revoked" and not house.tokens.works(other["id"])
    assert [one["name"] for one in house.tokens.listed()["tokens"]] == ["Backup"]
    with pytest.raises(NotFound):
        house.tokens.revoke(other["id"], "ben", ADDRESS)
    assert [(one["who"], one["kind"], one["where"]) for one in house.events.newest(1)] == [("ben", "token", ADDRESS)]


def test_long_after_its_end_a_token_is_forgotten(house: House) -> None:
    old = house.make(days=1)["token"]
    house.clock.now_s += DAY_S + REMEMBERED_S + 1
    house.make("New")
    assert house.check(old) == "wrong"


def test_the_last_use_is_noted_with_its_address_but_not_with_each_question(house: House) -> None:
    token = house.make()["token"]
    assert house.tokens.listed()["tokens"][0]["used"] is None
    house.check(token)
    first = house.clock.now_s
    house.clock.now_s += NOTED_EVERY_S / 2
    house.check(token)
    assert (house.tokens.listed()["tokens"][0]["used"], house.tokens.listed()["tokens"][0]["used_from"]) == (
        first,
        ADDRESS,
    )
    house.check(token, "198.51.100.4")
    known = house.tokens.listed()["tokens"][0]
    assert (known["used"], known["used_from"]) == (house.clock.now_s, "198.51.100.4")
    house.check(token[:-1] + "_")
    assert house.tokens.listed()["tokens"][0]["used_from"] == "198.51.100.4"


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("name", {"name": ""}),
        ("name", {"name": " x"}),
        ("name", {"name": "a\nb"}),
        ("name", {"name": "n" * 61}),
        ("name", {"name": "BACKUP"}),
        ("scopes", {"scopes": ()}),
        ("scopes", {"scopes": ("server:read", "everything")}),
        ("days", {"days": 0}),
        ("days", {"days": 366}),
    ],
)
def test_what_no_token_can_be_is_refused(house: House, field: str, more: dict[str, Any]) -> None:
    house.make("Backup")
    with pytest.raises(Invalid) as refused:
        house.make(**{"name": "Next", **more})
    assert list(refused.value.more["fields"]) == [field]
    assert [one["name"] for one in house.tokens.listed()["tokens"]] == ["Backup"]


def test_only_an_administrator_can_be_its_maker(house: House) -> None:
    with pytest.raises(Refused):
        house.tokens.create("Backup", ["server:read"], 1, "chloe", "root", "mailroomctl")
    assert house.tokens.listed()["tokens"] == [] and house.events.newest() == []
