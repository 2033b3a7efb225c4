"""The search index is made, kept up to date, paused and removed as the settings want it (PR10, PR11)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailroom.core.settings import AllValues, defaults
from mailroom.daemons.shape import DaemonFailed
from mailroom.flows.search_index import AGAIN_AFTER_S, SearchIndex
from mailroom.store.accounts import Account


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def now(self) -> float:
        return self.time

    elapsed = now


class Dovecot:
    """Mailboxes with their folders; what was asked of them."""

    def __init__(self) -> None:
        self.mounted = True
        self.mail = {"anna": {"INBOX": 7, "Work": 2}, "ben": {"INBOX": 5}}
        self.indexed: list[tuple[str, str]] = []
        self.removed: list[str] = []
        self.changes = {"anna": 0.0, "ben": 0.0}
        self.broken: set[str] = set()
        self.during: Callable[[], Any] = lambda: None

    def there(self) -> bool:
        return self.mounted

    def folders(self, user: str) -> dict[str, int]:
        if user in self.broken:
            raise DaemonFailed("No.", daemon="dovecot")
        return self.mail[user]

    def index(self, user: str, folder: str, given_up: Callable[[], bool]) -> bool:
        self.indexed.append((user, folder))
        self.during()
        return True

    def size(self, user: str) -> int:
        return 100 * len(self.mail[user])

    def changed(self, user: str) -> float:
        return self.changes[user]

    def remove(self, user: str) -> int:
        self.removed.append(user)
        return 1

    def users_with_mail(self) -> list[str]:
        return ["anna", "ben", "gone"]


class House:
    """The flow with everything around it."""

    def __init__(self, folder: Path) -> None:
        self.values: AllValues = defaults()
        self.advisers: list[Any] = []
        self.events: list[tuple[str, str]] = []
        self.clock, self.dovecot, self.file = Clock(), Dovecot(), folder / "search.json"
        self.people = [Account("anna", "anna", 1, seat=True), Account("ben", "ben", 2, seat=True)]
        self.people.append(Account("idle", "idle", 3))
        self.start()

    def start(self) -> None:
        """The job process, again."""
        house = self

        class Settings:
            advisers = house.advisers

            def values(self) -> AllValues:
                return house.values

        class Accounts:
            def all(self) -> list[Account]:
                return house.people

        class Events:
            def add(self, kind: str, text: str, **facts: Any) -> int:
                house.events.append((kind, text))
                return 1

        parts: list[Any] = [Settings(), Accounts(), Events()]
        self.flow = SearchIndex(*parts, dovecot=self.dovecot, clock=self.clock, file=self.file)

    def set(self, **values: bool) -> None:
        """Apply settings."""
        self.values = {**self.values, "service.search": {**self.values["service.search"], **values}}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_everybody_who_is_active_is_indexed_once_and_it_is_told(house: House) -> None:
    assert house.flow.read()["state"] == "indexing"
    house.flow.turn()
    assert house.dovecot.indexed == [("anna", "INBOX"), ("anna", "Work"), ("ben", "INBOX")]
    told = house.flow.read()
    assert (told["state"], told["users_done"], told["users_total"]) == ("ready", 2, 2)
    assert (told["messages"], told["bytes"], told["ready"], told["failed"]) == (14, 300, 1_000.0, [])
    house.flow.turn()
    assert len(house.dovecot.indexed) == 3
    assert house.events == [("search", "Full-text search is ready: 14 messages of 2 users are indexed.")]


def test_progress_is_seen_while_it_runs(house: House) -> None:
    seen: list[Any] = []
    house.dovecot.during = lambda: seen.append(house.flow.read())
    house.flow.turn()
    assert [one["current"] for one in seen] == [
        {"user": "anna", "folder": "INBOX", "messages": 7},
        {"user": "anna", "folder": "Work", "messages": 2},
        {"user": "ben", "folder": "INBOX", "messages": 5},
    ]
    assert [(one["state"], one["users_done"]) for one in seen] == [("indexing", 0), ("indexing", 0), ("indexing", 1)]
    assert house.flow.read()["current"] is None


def test_new_mail_is_indexed_after_a_while(house: House) -> None:
    house.flow.turn()
    house.clock.time += 10
    house.dovecot.changes["ben"] = 1_005.0
    house.flow.turn()
    assert len(house.dovecot.indexed) == 3
    house.clock.time += AGAIN_AFTER_S
    house.flow.turn()
    assert house.dovecot.indexed[3:] == [("ben", "INBOX")]
    assert len(house.events) == 1


def test_who_becomes_active_is_indexed_at_once(house: House) -> None:
    house.flow.turn()
    house.people[2] = Account("idle", "idle", 3, seat=True)
    house.dovecot.mail["idle"] = {"INBOX": 1}
    house.flow.turn()
    assert house.dovecot.indexed[-1] == ("idle", "INBOX")


def test_paused_in_the_middle_and_resumed_after_a_restart(house: House) -> None:
    def pause_at_work() -> None:
        if house.dovecot.indexed[-1] == ("ben", "INBOX"):
            house.flow.pause(True, "admin", "window")

    house.dovecot.during = pause_at_work
    house.flow.turn()
    assert house.flow.read()["state"] == "paused" and house.flow.read()["users_done"] == 1
    house.dovecot.during, house.dovecot.indexed = lambda: None, []
    house.start()
    house.flow.turn()
    assert house.dovecot.indexed == [] and house.flow.read()["state"] == "paused"
    house.flow.pause(False, "admin", "window")
    house.flow.turn()
    # Anna is done, whatever happened meanwhile.
    assert house.dovecot.indexed == [("ben", "INBOX")] and house.flow.read()["state"] == "ready"
    assert [text for _, text in house.events][:2] == ["Paused the indexing of mail.", "Resumed the indexing of mail."]


def test_a_process_that_ends_goes_on_with_the_user_it_was_at(house: House) -> None:
    stop = threading.Event()

    def end_at_work() -> None:
        if house.dovecot.indexed[-1] == ("anna", "Work"):
            stop.set()

    house.dovecot.during = end_at_work
    house.flow.watch(stop)
    assert house.flow.read()["users_done"] == 0
    house.dovecot.during, house.dovecot.indexed = lambda: None, []
    house.start()
    house.flow.turn()
    assert house.dovecot.indexed == [("anna", "INBOX"), ("anna", "Work"), ("ben", "INBOX")]


def test_switched_off_the_index_of_everybody_is_removed(house: House) -> None:
    house.flow.turn()
    house.dovecot.removed.clear()
    house.set(enabled=False)
    assert house.flow.read()["state"] == "removing"
    house.flow.turn()
    assert house.dovecot.removed == ["anna", "ben", "gone"]
    told = house.flow.read()
    assert (told["state"], told["messages"], told["bytes"], told["ready"]) == ("off", 0, 0, None)
    assert house.events[-1] == ("search", "The search index of all users is removed (0.0 MB).")
    house.flow.turn()
    house.flow.turn()
    house.clock.time += AGAIN_AFTER_S
    house.flow.turn()
    assert house.dovecot.removed.count("anna") == 3 and len(house.events) == 2


def test_another_kind_of_index_is_made_anew(house: House) -> None:
    house.flow.turn()
    house.dovecot.removed.clear()
    house.set(character_search=True)
    assert house.flow.read()["state"] == "indexing"
    house.flow.turn()
    assert house.dovecot.removed == ["anna", "ben", "gone"] and len(house.dovecot.indexed) == 6
    assert house.flow.read()["state"] == "ready"


def test_a_change_of_settings_ends_what_is_under_way(house: House) -> None:
    house.dovecot.during = lambda: house.set(enabled=False)
    house.flow.turn()
    assert house.dovecot.indexed == [("anna", "INBOX")]
    house.flow.turn()
    assert house.flow.read()["state"] == "off"


def test_who_cannot_be_indexed_is_told_and_tried_again(house: House) -> None:
    house.dovecot.broken = {"anna"}
    house.flow.turn()
    told = house.flow.read()
    assert told["failed"] == ["anna"] and told["users_done"] == 1
    house.dovecot.broken = set()
    house.clock.time += AGAIN_AFTER_S
    house.flow.turn()
    assert house.flow.read()["failed"] == []


def test_a_volume_that_is_missing_is_waited_for(house: House) -> None:
    house.dovecot.mounted = False
    house.flow.turn()
    assert house.dovecot.indexed == [] == house.dovecot.removed and house.flow.read()["state"] == "indexing"
    house.dovecot.mounted = True
    house.flow.turn()
    assert house.flow.read()["state"] == "ready"


def test_an_index_of_another_form_is_made_anew(house: House) -> None:
    """After an upgrade; who had paused it goes on pausing."""
    house.flow.turn()
    house.flow.pause(True, "admin", "192.0.2.9")
    house.file.write_text(house.file.read_text().replace('"form": 2', '"form": 1'))
    house.start()
    house.flow.turn()
    assert house.flow.read()["state"] == "paused" and house.flow.read()["users_done"] == 0
    house.flow.pause(False, "admin", "192.0.2.9")
    house.flow.turn()
    assert house.flow.read()["state"] == "ready" and len(house.dovecot.indexed) == 6


def test_a_damaged_note_only_means_that_it_is_made_anew(house: House) -> None:
    house.flow.turn()
    house.file.write_text("{")
    house.start()
    house.flow.turn()
    assert house.flow.read()["state"] == "ready" and len(house.dovecot.indexed) == 6


def test_what_a_change_means_is_told_before_it_is_applied(house: House) -> None:
    house.flow.turn()
    before = house.values
    house.set(enabled=False)
    off = house.values
    house.set(enabled=True, character_search=True)
    assert house.flow.advise(before, before) == []
    (told,) = house.flow.advise(before, off)
    assert told["field"] == "enabled" and "will be removed" in told["text"]
    (told,) = house.flow.advise(off, before)
    assert told["field"] == "enabled" and "(2) will be indexed" in told["text"]
    (told,) = house.flow.advise(before, house.values)
    assert told["field"] == "character_search" and "(2) will be indexed" in told["text"]
