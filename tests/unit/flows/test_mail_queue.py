"""The queue's story: list, search, order, plain words; actions on what is there, and on what is gone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mailroom.core.problems import Invalid, NotFound, Unavailable
from mailroom.daemons.postfix import mail_queue
from mailroom.daemons.postfix.mail_queue import Waiting
from mailroom.daemons.shape import DaemonFailed
from mailroom.flows import queue_words
from mailroom.flows.mail_queue import MailQueue, Ports
from mailroom.store.events import EventStore

WHO = {"who": "anna", "where": "192.0.2.1"}
NOW = 1_790_000_000.0


class Postfix:
    """A queue in memory."""

    def __init__(self, *there: Waiting) -> None:
        self.there = {one.id: one for one in there}
        self.asked: list[tuple[str, list[str]]] = []
        self.broken = False
        self.readings = 0

    def read(self) -> tuple[int, list[Waiting]]:
        self.readings += 1
        if self.broken:
            raise DaemonFailed("Postfix does not tell what is in its queue.", daemon="postfix")
        return len(self.there), list(self.there.values())

    def act(self, name: str) -> Any:
        def do(ids: Sequence[str]) -> None:
            if self.broken:
                raise DaemonFailed("broken", daemon="postfix")
            self.asked.append((name, list(ids)))
            for id in ids if name == "delete" else ():
                self.there.pop(id, None)

        return do

    def ports(self) -> Ports:
        names = ("retry", "hold", "release", "expire", "delete")
        return Ports(
            self.read,
            lambda ids: {id: NOW + 300 for id in ids if id == "AAAAAA1"},
            *map(self.act, names),
            now=lambda: NOW,
        )


def waits(id: str, queue: str = "deferred", sender: str = "ben@example.com", why: str = "", **more: Any) -> Waiting:
    facts: dict[str, Any] = {"since": NOW - 60, "size": 100, "recipients": (("friend@world.example", why),), **more}
    return Waiting(id, queue, sender=sender, **facts)


@pytest.fixture
def house(tmp_path: Path) -> Any:
    def make(*there: Waiting) -> tuple[MailQueue, Postfix, EventStore]:
        postfix, events = Postfix(*there), EventStore(tmp_path / "events.sqlite")
        return MailQueue(events, postfix.ports()), postfix, events

    return make


def test_a_row_says_who_why_and_when_again(house: Any) -> None:
    why = "host mx.world.example[192.0.2.25] said: 450 4.7.1 Greylisted, come back (in reply to RCPT TO command)"
    queue, _, _ = house(waits("AAAAAA1", why=why), waits("AAAAAA2", queue="hold"), waits("AAAAAA3", sender=""))
    told = queue.find()
    assert told["total"] == told["found"] == told["read"] == 3 and told["time"] == NOW
    first = next(one for one in told["messages"] if one["id"] == "AAAAAA1")
    assert "greylisting" in first["reason"] and first["words"] == "450 4.7.1 Greylisted, come back"
    assert first["next_try"] == NOW + 300 and first["state"] == "waiting"
    held = next(one for one in told["messages"] if one["id"] == "AAAAAA2")
    assert held["state"] == "on_hold" and held["next_try"] is None and "hold" in held["reason"]
    assert next(one for one in told["messages"] if one["id"] == "AAAAAA3")["next_try"] is None


def test_what_is_not_known_is_not_said(house: Any) -> None:
    late = waits("AAAAAA9", why="connect to mx: Connection refused")
    (row,) = house(late)[0].find()["messages"]
    assert row["next_try"] is None


def test_search_and_order_look_at_everything(house: Any) -> None:
    many = [waits(f"AAAA{number:04}", sender=f"user{number:03}@example.com", size=number) for number in range(900)]
    queue, _, _ = house(*many)
    told = queue.find(search="USER07", sort="size", down=True, limit=5)
    assert told["found"] == 10 and [one["size"] for one in told["messages"]] == [79, 78, 77, 76, 75]
    assert [one["size"] for one in queue.find(sort="size", offset=895, limit=500)["messages"]] == [*range(895, 900)]
    assert len(queue.find(limit=100_000)["messages"]) == 500
    with pytest.raises(Invalid):
        queue.find(sort="secret")


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("retry", [("release", ["AAAAAA2"]), ("retry", ["AAAAAA1", "AAAAAA2"])]),
        ("hold", [("hold", ["AAAAAA1", "AAAAAA2"])]),
        ("release", [("release", ["AAAAAA2"]), ("retry", ["AAAAAA2"])]),
        ("give_back", [("expire", ["AAAAAA1", "AAAAAA2"]), ("retry", ["AAAAAA1", "AAAAAA2"])]),
        ("delete", [("delete", ["AAAAAA1", "AAAAAA2"])]),
    ],
)
def test_each_action_does_it_and_is_recorded(house: Any, action: str, asked: list[Any]) -> None:
    queue, postfix, events = house(waits("AAAAAA1"), waits("AAAAAA2", queue="hold"))
    done = getattr(queue, action)(["AAAAAA1", "AAAAAA2", "AAAAAA7"], **WHO)
    assert postfix.asked == asked and done["gone"] == ["AAAAAA7"]
    (event,) = events.newest(kind="queue")
    assert (event["who"], event["where"]) == ("anna", "192.0.2.1") and event["facts"]["ids"] == done["done"]
    assert "friend@world.example" in event["text"]


@pytest.mark.parametrize("action", ["retry", "hold", "release", "give_back", "delete"])
def test_a_message_that_is_gone_is_told_in_clear_words(house: Any, action: str) -> None:
    queue, postfix, events = house(waits("AAAAAA1"))
    queue.find()
    postfix.there.clear()
    with pytest.raises(NotFound, match="delivered, returned or removed meanwhile") as told:
        getattr(queue, action)(["AAAAAA1"], **WHO)
    assert told.value.code == "gone" and not postfix.asked and not events.newest()


BAD = [
    "ALL",
    "-",
    "-d",
    "--",
    "",
    "AAAAAA1 ",
    "AAAAAA1\n",
    "AAAAAA1\nALL",
    "../AAAAAA1",
    "AAAAAA1;x",
    "A" * 31,
    "ÄÄÄÄÄÄÄ",
    "*",
]


@pytest.mark.parametrize("id", BAD)
@pytest.mark.parametrize("action", ["retry", "hold", "release", "give_back", "delete"])
def test_what_is_no_number_never_reaches_postfix(house: Any, action: str, id: str) -> None:
    queue, postfix, _ = house(waits("AAAAAA1"))
    with pytest.raises(Invalid):
        getattr(queue, action)(["AAAAAA1", id], **WHO)
    assert not postfix.asked


@pytest.mark.parametrize("id", BAD)
@pytest.mark.parametrize("act", [mail_queue.retry, mail_queue.hold, mail_queue.delete, mail_queue.expire])
def test_nor_does_the_door_to_postfix_take_it(act: Any, id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_queue, "run", lambda *_, **__: pytest.fail("it was run"))
    with pytest.raises(ValueError):
        act([id])


def test_a_notice_without_sender_is_not_returned(house: Any) -> None:
    queue, postfix, _ = house(waits("AAAAAA1", sender=""), waits("AAAAAA2"))
    with pytest.raises(Invalid, match="no sender"):
        queue.give_back(["AAAAAA1"], **WHO)
    assert queue.give_back(["AAAAAA1", "AAAAAA2"], **WHO)["without_sender"] == ["AAAAAA1"]
    assert postfix.asked[0] == ("expire", ["AAAAAA2"])


def test_releasing_what_nobody_holds_is_refused(house: Any) -> None:
    with pytest.raises(Invalid, match="on hold"):
        house(waits("AAAAAA1"))[0].release(["AAAAAA1"], **WHO)


def test_a_postfix_that_does_not_answer_is_told(house: Any) -> None:
    queue, postfix, events = house(waits("AAAAAA1"))
    postfix.broken = True
    with pytest.raises(Unavailable):
        queue.find()
    with pytest.raises(Unavailable):
        queue.delete(["AAAAAA1"], **WHO)
    assert not events.newest()


def test_many_windows_share_one_reading(house: Any) -> None:
    queue, postfix, _ = house(waits("AAAAAA1"))
    for _ in range(10):
        queue.find()
    assert postfix.readings == 1
    queue.hold(["AAAAAA1"], **WHO)
    queue.find()
    assert postfix.readings == 3


def test_the_dates_of_what_is_shown_alone_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much waits: a window looks every few seconds."""
    for number in range(64):
        folder = tmp_path / "deferred" / f"{number % 16:X}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"AAAAAA{number}").write_text("")
    stated, stat = [], os.stat

    def counted(path: Any, **how: Any) -> os.stat_result:
        stated.append(path)
        return stat(path, **how)

    monkeypatch.setattr(mail_queue.os, "stat", counted)
    assert set(mail_queue.next_tries(["AAAAAA7", "AAAAAA9", "AAAAAA99"], tmp_path)) == {"AAAAAA7", "AAAAAA9"}
    assert len([path for path in stated if Path(path).name.startswith("AAAAAA")]) == 2


def test_a_list_that_is_cut_off_is_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when postqueue(1) is killed for its time, in the middle of a line."""
    tool = tmp_path / "postqueue"
    tool.write_text('#!/bin/sh\nprintf \'{"queue_name": "defer\'\nkill -9 $$\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DaemonFailed, match="does not tell"):
        mail_queue.read()


def test_no_more_than_the_limit_is_kept_and_all_are_counted() -> None:
    line = (
        b'{"queue_name": "deferred", "queue_id": "AAAAAA1", "arrival_time": 1790000000, "message_size": 300, '
        b'"forced_expire": false, "sender": "MAILER-DAEMON", "recipients": ['
        + b", ".join(b'{"address": "a%d@example.com", "delay_reason": "no"}' % n for n in range(70))
        + b"]}\n"
    )
    total, found = mail_queue._rows([line] * 30, 20)
    assert total == 30 and len(found) == 20
    assert found[0].sender == "" and len(found[0].recipients) == 50 and found[0].more == 20


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("connect to mx[192.0.2.1]:25: Connection refused", "refuses connections"),
        ("connect to mx[192.0.2.1]:25: Connection timed out", "cannot be reached"),
        ("Host or domain name not found. Name service error for name=x type=MX: Host not found, try again", "DNS"),
        ("Host or domain name not found. Name service error for name=x type=A: Host not found", "no address"),
        ("host mx[1.2.3.4] said: 452 4.2.2 over quota", "full"),
        ("host mx[1.2.3.4] said: 450 4.3.2 later (in reply to RCPT TO command)", "come back later"),
        ("host mx[1.2.3.4] refused to talk to me: 421 Too many connections", "no more mail"),
        ("Server certificate not trusted", "cannot be made safe"),
        ("SASL authentication failed; server mx said: 535 5.7.8 wrong", "sign-in"),
        ("lost connection with mx[1.2.3.4] while receiving", "ended the connection"),
        ("connect to mail.example.com[private/lmtp]: No such file or directory", "mailboxes of this server"),
        ("something new", "could not be delivered yet"),
    ],
)
def test_reasons_in_plain_words(reason: str, words: str) -> None:
    assert words in queue_words.in_words(reason)
