"""The quarantine's folder and story on real files: list, removal and notices; hostile notes and numbers."""

from __future__ import annotations

import encodings
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from quarantine_house import NOW, WHO, House, keep, values

from mailroom.core.problems import Invalid, NotFound, Unavailable
from mailroom.daemons.shape import DaemonFailed
from mailroom.filtering.ids import new_id
from mailroom.flows import quarantine
from mailroom.flows.quarantine import readable
from mailroom.flows.quarantine_notice import DAILY_MAX, notice
from mailroom.monitor.quarantine import kept


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_the_list_is_newest_first_and_searched(house: House) -> None:
    old, new = keep(house.root, 9_000), keep(house.root, 10, sender="other@far.example")
    assert [one["id"] for one in house.story.find()["messages"]] == [new, old]
    assert house.story.find()["messages"][0]["subject"] == "Grüße"
    for words in ("grüße", "EICAR", "ben@", old.lower()):
        assert old in [one["id"] for one in house.story.find(words)["messages"]]
    assert [one["id"] for one in house.story.find("far.example")["messages"]] == [new]
    assert house.story.find(limit=1, offset=1)["messages"][0]["id"] == old


def test_a_release_removes_and_is_recorded_and_is_not_done_twice(house: House) -> None:
    id = keep(house.root)
    assert house.story.release(id, **WHO)["recipients"] == ["ben@example.com"]
    assert house.story.find()["total"] == 0 and house.posted.sent == [id]
    with pytest.raises(NotFound, match="released or removed meanwhile"):
        house.story.release(id, **WHO)
    (event,) = house.events.newest(kind="quarantine")
    assert event["who"] == "anna" and "ClamAV" in event["text"]


def test_what_is_not_taken_stays(house: House) -> None:
    id = keep(house.root)
    house.posted.problem = Unavailable("It was not taken.")
    with pytest.raises(Unavailable):
        house.story.release(id, **WHO)
    assert house.story.show(id)["id"] == id and not house.events.newest()


def test_a_release_that_cannot_be_removed_here_is_recorded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> bool:
        raise OSError(30, "Read-only file system")

    id = keep(house.root)
    monkeypatch.setattr(house.folder, "remove", refuse)
    with pytest.raises(Unavailable, match="Read-only"):
        house.story.release(id, **WHO)
    (event,) = house.events.newest(kind="quarantine")
    assert id in event["text"] and house.posted.sent == [id]


def test_a_message_to_very_many_is_shown_like_any_other(house: House) -> None:
    """A stranger may name one mailbox 1,000 times, each with an extension of its own."""
    id = keep(house.root, recipients=[f"ben+{'é' * 100}{number}@example.com" for number in range(1_000)])
    assert [one["id"] for one in house.story.find()["messages"]] == [id]


def test_only_the_subjects_that_are_shown_are_decoded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for age in range(20):
        keep(house.root, age)
    decoded: list[str] = []
    monkeypatch.setattr(quarantine, "readable", lambda raw: decoded.append(raw) or raw)
    assert len(house.story.find(limit=3)["messages"]) == 3 and len(decoded) == 2 * 3
    assert house.story.find("gr=c3")["found"] == 20


def test_what_was_deleted_is_recorded_when_another_cannot_be(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = keep(house.root, 1), keep(house.root, 2)
    remove = house.folder.remove

    def refuse(id: str) -> bool:
        if id == two:
            raise OSError(5, "Input/output error")
        return remove(id)

    monkeypatch.setattr(house.folder, "remove", refuse)
    with pytest.raises(Unavailable):
        house.story.delete([one, two], **WHO)
    (event,) = house.events.newest(kind="quarantine")
    assert one in event["text"] and two not in event["text"]


def test_two_admins_delete(house: House) -> None:
    one, two = keep(house.root, 1), keep(house.root, 2)
    assert house.story.delete([one], **WHO)["done"] == [one]
    assert house.story.delete([one, two], **WHO) == {"done": [two], "gone": [one]}
    with pytest.raises(NotFound):
        house.story.delete([one, two], **WHO)


@pytest.mark.parametrize(
    "id", ["", "../../etc/passwd", "x" * 26, "A" * 27, "01KBBTS0QJ6J2Q1QTB1Y4DH6V\n", "*" * 26, "\0" * 26]
)
def test_what_is_no_number_is_refused(house: House, id: str) -> None:
    for act in (house.story.show, house.story.piece, lambda id: house.story.release(id, **WHO)):
        with pytest.raises(Invalid):
            act(id)
    with pytest.raises(Invalid):
        house.story.delete([id], **WHO)


def test_links_and_notes_that_are_none_lead_nowhere(house: House, tmp_path: Path) -> None:
    id, secret = keep(house.root), tmp_path / "secret"
    secret.write_text("of root")
    mail = next(house.root.rglob("*.eml"))
    mail.unlink()
    mail.symlink_to(secret)
    with pytest.raises(NotFound):
        house.story.piece(id)
    for text in ("", "[]", "{}", '{"time": "x"}', "[" * 100_000, '{"sender": "a>\\r\\nRCPT TO:<b", "recipients": []}'):
        (mail.parent / f"{new_id(NOW)}.json").write_text(text)
    assert [one["id"] for one in house.story.find()["messages"]] == [id]


@pytest.mark.parametrize("sender", ["a\r\nRCPT TO:<x@y>", "a>", "<a", "a\0b", "a\u2028b"])
def test_a_note_puts_no_command_into_an_envelope(sender: str) -> None:
    facts: dict[str, Any] = {"sender": "", "recipients": [], "time": 0, "size": 0}
    assert kept("A", facts)
    for bad in ({"sender": sender}, {"recipients": [sender]}):
        with pytest.raises(ValueError):
            kept("A", {**facts, **bad})


def test_what_is_too_old_or_too_much_goes_the_oldest_first(house: House) -> None:
    house.values = values(quarantine_days=2)
    old, new = keep(house.root, 3 * 86_400), keep(house.root, 86_400)
    house.story.sweep()
    assert [one["id"] for one in house.story.find()["messages"]] == [new]
    assert "Removed 1" in house.events.newest()[0]["text"] and house.events.newest()[0]["facts"]["ids"] == [old]
    assert house.folder.sweep(0, 100_000, NOW) == []
    bigger = [keep(house.root, age, whole=b"x" * 40_000) for age in (30, 20, 10)]
    gone = house.folder.sweep(0, 100_000, NOW)
    assert gone == [bigger[0], new]


def test_halves_that_a_power_cut_left_go_but_not_at_once(house: House) -> None:
    day = house.root / time.strftime("%Y-%m-%d", time.gmtime(NOW))
    day.mkdir()
    for name, age in (("A", 7_200), ("B", 60)):
        (day / f"{new_id()}{name}.eml").write_bytes(b"half")
        os.utime(max(day.iterdir(), key=lambda file: file.stat().st_ctime_ns), (NOW - age, NOW - age))
    house.folder.sweep(0, 10**9, NOW)
    assert len(list(day.iterdir())) == 1


def test_each_recipient_with_a_mailbox_is_told_once(house: House) -> None:
    everybody = ["ben@example.com", "BEN@example.com", "dora@example.com", "x@far.example", "nobody@example.com"]
    id = keep(house.root, recipients=everybody)
    assert house.notices.tell(house.folder, house.values) == 1
    assert house.notices.tell(house.folder, house.values) == 0
    ((address, message),) = house.told
    assert address == "ben@example.com" and id.encode() in message.replace(b"=\n", b"")


def test_an_alias_leads_to_its_members_here_and_to_nobody_elsewhere(house: House) -> None:
    members = [{"name": "info", "members": ["ben", "chloe", "x@far.example"], "domain": ""}]
    house.values["mail_delivery.alias"]["aliases"] = members
    keep(house.root, recipients=["info@example.com"])
    house.notices.tell(house.folder, house.values)
    assert sorted(address for address, _ in house.told) == ["ben@example.com", "chloe@example.com"]


def test_a_flood_ends_at_the_daily_bound(house: House) -> None:
    for age in range(DAILY_MAX + 5):
        keep(house.root, age)
    assert house.notices.tell(house.folder, house.values) == DAILY_MAX
    keep(house.root)
    assert house.notices.tell(house.folder, house.values) == 0


def test_what_was_told_of_is_looked_up_and_not_searched_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of viruses is looked at every few seconds: no more comparisons than messages."""
    compared = 0

    class Counted(str):
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    id = keep(house.root)
    one = house.folder.one(id)
    assert one
    kept = [replace(one, id=Counted(f"{number:026d}")) for number in range(300)]
    monkeypatch.setattr(house.folder, "all", lambda: (len(kept), kept))
    house.notices.tell(house.folder, house.values)
    compared = 0
    assert house.notices.tell(house.folder, house.values) == 0
    assert compared <= 2 * len(kept)


def test_switched_off_nobody_is_told_also_later(house: House) -> None:
    keep(house.root)
    house.notices.tell(house.folder, values(notify=False))
    assert house.notices.tell(house.folder, house.values) == 0 and not house.told


def test_a_postfix_that_is_down_tells_nobody_twice(house: House) -> None:
    keep(house.root)

    def down(*_: Any) -> None:
        raise DaemonFailed("down", daemon="postfix")

    house.notices.send = down
    assert house.notices.tell(house.folder, house.values) == 0


@pytest.mark.parametrize("language", ["en", "de", "ja", "zh-TW"])
def test_a_notice_holds_nothing_of_the_stranger_but_who_and_what(house: House, language: str) -> None:
    evil = "<b>x</b>\r\nBcc: a@b\r\n\r\n" + "y" * 10_000
    one = kept(new_id(NOW), {"time": NOW, "sender": "a@b", "recipients": [], "size": 1, "checks": [["clamav", evil]],
                             "subject": "my subject", "from": evil})  # fmt: skip
    made = notice(one, "ben@example.com", values(notify_language=language))
    assert b"\nBcc:" not in made and len(made) < 4_000 and b"my subject" not in made and b"text/html" not in made
    assert made.isascii() and b"\r" not in made


def test_a_header_that_cannot_be_decoded_is_shown_as_it_came() -> None:
    assert readable("=?utf-9?b?AAAA?= x") == "=?utf-9?b?AAAA?= x"
    assert readable("=?utf-8?b?A?=") and readable("=?" * 500) and "\n" not in readable("a\r\n b")


def test_on_a_full_disk_room_is_made_and_nobody_is_told_twice(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise Unavailable("The events cannot be written (No space left on device).")

    def no_room(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    id, old = keep(house.root), keep(house.root, 40 * 86_400)
    monkeypatch.setattr(house.events, "add", full)
    monkeypatch.setattr("mailroom.core.durable.replace", no_room)
    house.story.sweep()
    assert [one["id"] for one in house.story.find()["messages"]] == [id] != [old]
    assert house.notices.tell(house.folder, house.values) == 0 and not house.told
    assert house.story.delete([id], **WHO)["done"] == [id]


def test_strangers_charsets_are_not_remembered() -> None:
    """Python keeps each name of a codec that it does not know, for as long as the process lives."""
    before = len(encodings._cache)  # type: ignore[attr-defined]
    for number in range(20):
        assert quarantine.readable(f"=?x-invented-{number}?q?a?=").startswith("=?")
    assert len(encodings._cache) == before  # type: ignore[attr-defined]
    assert quarantine.readable("=?koi8-u?b?8NLJ18bU?=") and quarantine.readable("=?utf-8?q?=C3=A9?=") == "é"


def test_words_that_begin_and_never_end_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's time grows with their square."""
    monkeypatch.setattr(quarantine, "decode_header", None)
    raw = "=?a?q?x" * 140
    assert quarantine.readable(raw) == raw[:1_000]
