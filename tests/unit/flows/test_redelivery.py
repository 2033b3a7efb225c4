"""Waiting mail is tried again when the mailboxes are back, second copies go, and nothing happens otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailroom.daemons.dovecot.doubles import later_copies, remove_doubles
from mailroom.daemons.shape import DaemonFailed
from mailroom.flows.redelivery import UNDER_WAY_S, Ports, Redelivery

COPY = {"user": "ben", "mailbox": "INBOX", "hdr.x-mailroom-id": " 01M"}


class World:
    """Daemons, queue and clock that only pretend."""

    def __init__(self) -> None:
        self.numbers: dict[str, int | None] = {"dovecot": None, "signin": 7, "resolver": 3}
        self.flushed, self.swept, self.told = 0, list[float](), list[str]()
        self.waits, self.doubles, self.time, self.down = 1, 0, 1000.0, False

    def now(self) -> float:
        return self.time

    def elapsed(self) -> float:
        return self.time

    def flush(self) -> None:
        if self.down:
            raise DaemonFailed("the mail system is down", daemon="postfix")
        self.flushed += 1

    def sweep(self, since: float) -> int:
        self.swept.append(since)
        found, self.doubles = self.doubles, 0
        return found

    def ports(self) -> Ports:
        return Ports(self.numbers.__getitem__, self.flush, lambda: self.waits, self.sweep, self.told.append)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def story(world: World, tmp_path: Path) -> Redelivery:
    (tmp_path / "alive").touch()
    os.utime(tmp_path / "alive", (900, 900))
    return Redelivery(world.ports(), tmp_path / "alive", world)


def test_waiting_mail_is_tried_once_all_that_it_needs_is_back(world: World, story: Redelivery) -> None:
    story.look()
    assert world.flushed == 0
    world.numbers["dovecot"] = 8
    story.look()
    story.look()
    assert world.flushed == 1
    world.numbers["dovecot"] = None
    story.look()
    world.numbers["dovecot"] = 9
    story.look()
    assert world.flushed == 2


def test_a_postfix_that_is_not_there_yet_is_asked_again(world: World, story: Redelivery) -> None:
    world.numbers["dovecot"], world.down = 8, True
    story.look()
    world.down = False
    story.look()
    assert world.flushed == 1


def test_second_copies_go_until_nothing_waits_any_more(world: World, story: Redelivery) -> None:
    world.numbers["dovecot"] = 8
    story.look()
    world.time, world.doubles = 1006.0, 2
    story.look()
    world.time, world.waits = 1020.0, 0
    story.look()
    world.time = 1040.0
    story.look()
    # From a while before all was last well, and not again once nothing waits.
    assert world.swept == [900 - UNDER_WAY_S] * 2
    assert len(world.told) == 1 and "2 second copies" in world.told[0]


def test_only_later_copies_of_one_transaction_in_one_folder_count() -> None:
    rows = [
        {**COPY, "uid": "12"},
        {**COPY, "uid": "9"},
        {**COPY, "uid": "10", "mailbox": "Junk"},
        {**COPY, "uid": "11", "user": "anna"},
        {**COPY, "uid": "13", "hdr.x-mailroom-id": ""},
        {**COPY, "uid": "14", "hdr.x-mailroom-id": ""},
    ]
    assert [row["uid"] for row in later_copies(rows)] == ["12"]


def test_dovecot_is_told_which_copy_to_expunge() -> None:
    asked: list[tuple[str, ...]] = []

    def doveadm(words: tuple[str, ...]) -> str:
        asked.append(tuple(words))
        uids = '[{"user":"ben","mailbox":"INBOX","uid":"%s","hdr.x-mailroom-id":"01M"}]'
        return f"{(uids % 3)[:-1]},{(uids % 4)[1:]}" if words[0] == "-f" else ""

    assert remove_doubles(5.5, doveadm) == 1  # type: ignore[arg-type]
    assert asked[0][-2:] == ("savedsince", "5") and asked[1] == ("expunge", "-u", "ben", "mailbox", "INBOX", "uid", "4")
