"""Messages that can be taken back: held, sent, refused, interrupted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailroom.core import paths
from mailroom.core.mailbox import Mailbox
from mailroom.core.problems import Invalid, NotFound, Stale, Unavailable
from mailroom.web.portal import drafts, outgoing, sending, submit, uploads
from mailroom.web.portal.drafts import Change, Saved, Version
from mailroom.web.portal.outgoing import Message, Outgoing
from mailroom.web.portal.sessions import Session
from mailroom.web.portal.writing import Draft

ANNA, ID = Session("anna", "t"), "<1@example.com>"


def draft(subject: str = "Lunch?") -> Draft:
    ben = Mailbox("", "ben", "example.net")
    return Draft(ben, [ben], [], [], subject, "", "", ID, datetime(2026, 12, 1, tzinfo=UTC))


class Bench:
    """An Outgoing with a clock and timers of its own; Drafts and submission pretend."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.sent, self.removed = 0.0, list[str](), list[int]()
        self.timers: list[Callable[[], None]] = []
        self.fault: Exception | None = None
        monkeypatch.setattr(submit, "probe", lambda *given: None)
        monkeypatch.setattr(drafts, "save", lambda session, change, most: Saved(Version(1, 7), ID, False))
        monkeypatch.setattr(drafts, "remove", lambda session, version: self.removed.append(version.uid))
        monkeypatch.setattr(sending, "send", self.send)
        self.outgoing = Outgoing(lambda: self.now, self.later)

    def later(self, seconds: float, work: Callable[[], None]) -> threading.Timer:
        self.timers.append(work)
        return threading.Timer(seconds, work)

    def send(self, session: Session, made: Draft, digest: str, bytes_max: int) -> None:
        if self.fault:
            raise self.fault
        self.sent.append(made.subject)

    def hold(self, subject: str = "Lunch?", digest: str = "a") -> dict[str, Any]:
        made = draft(subject)
        return self.outgoing.hold(Message(ANNA, made, digest, 1_000), Change(made, "token-00"), 10)

    def state(self) -> list[str]:
        return [one["state"] for one in self.outgoing.of("anna")]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    monkeypatch.setattr(paths, "UPLOADS", tmp_path)
    return Bench(monkeypatch)


def notes() -> list[Path]:
    return list(paths.UPLOADS.glob("*/*.held"))


def test_it_waits_then_is_sent_and_its_draft_goes(bench: Bench) -> None:
    assert bench.hold()["undo_s"] == 10.0 and bench.hold()["state"] == "held"
    assert len(bench.timers) == 1 and bench.sent == [] and len(notes()) == 1
    bench.timers[0]()
    assert (bench.sent, bench.removed, bench.state(), notes()) == (["Lunch?"], [7], ["sent"], [])
    # A second timer, or a repetition of the request, sends nothing more.
    bench.timers[0]()
    assert bench.hold()["state"] == "sent" and bench.sent == ["Lunch?"]
    with pytest.raises(Stale):
        bench.outgoing.take_back("anna", ID)
    bench.now = 1_000.0
    assert bench.state() == []


def test_taken_back_it_is_never_sent(bench: Bench) -> None:
    bench.hold()
    assert bench.outgoing.take_back("anna", ID)["state"] == "draft"
    bench.timers[0]()
    assert (bench.sent, bench.removed, notes(), bench.state()) == ([], [], [], [])
    with pytest.raises(NotFound):
        bench.outgoing.take_back("anna", ID)
    with pytest.raises(NotFound):
        bench.outgoing.take_back("ben", ID)


def test_other_words_take_the_place_of_what_waits(bench: Bench) -> None:
    bench.hold()
    bench.hold("Dinner?", "b")
    for timer in bench.timers:
        timer()
    assert bench.sent == ["Dinner?"]
    with pytest.raises(sending.AlreadySent):
        bench.hold("Supper?", "c")


def test_what_is_refused_stays_a_draft_and_says_so_until_it_is_read(bench: Bench) -> None:
    bench.hold()
    bench.fault = Invalid("There is no mailbox.", next="Correct it.")
    bench.timers[0]()
    (one,) = bench.outgoing.of("anna")
    assert one["state"] == "failed" and one["problem"]["message"] == "There is no mailbox." and bench.removed == []
    # Also after a restart.
    again = Outgoing(lambda: 0.0, bench.later)
    assert [one["state"] for one in again.of("anna")] == ["failed"] and again.of("ben") == []
    again.dismiss("anna", ID)
    assert again.of("anna") == []


@pytest.mark.parametrize("taken", [True, False])
def test_what_the_server_has_taken_is_not_said_to_be_unsent(bench: Bench, taken: bool) -> None:
    """It was handed over and Sent could not be written, or nobody knows whether it was taken."""
    bench.hold()
    bench.fault = Unavailable("It failed.", code="unavailable" if taken else "unanswered")
    if taken:
        sending._write_note(sending._note_file("anna", ID), "a", sending.LEFT)
    bench.timers[0]()
    for each in (bench.outgoing, Outgoing(lambda: 0.0, bench.later)):
        (one,) = each.of("anna")
        assert (one["state"], one["may_have_left"]) == ("failed", True)


def test_a_fault_of_ours_is_no_silence(bench: Bench) -> None:
    bench.hold()
    bench.fault = RuntimeError("x")
    bench.timers[0]()
    assert bench.state() == ["failed"] and len(notes()) == 1


def test_a_restart_interrupts(bench: Bench) -> None:
    bench.hold()
    (one,) = Outgoing(lambda: 0.0, bench.later).of("anna")
    assert (one["state"], one["may_have_left"], one["draft"]) == ("interrupted", False, {"uidvalidity": 1, "uid": 7})
    sending._write_note(sending._note_file("anna", ID), "a", sending.LEFT)
    (one,) = Outgoing(lambda: 0.0, bench.later).of("anna")
    assert one["may_have_left"]
    notes()[0].write_text("half a no")
    assert Outgoing(lambda: 0.0, bench.later).of("anna") == []


def test_after_a_weekend_it_is_still_said_that_it_was_not_sent(bench: Bench) -> None:
    """And, as long as that is said, whether it may have left."""
    bench.hold()
    sending._write_note(sending._note_file("anna", ID), "a", sending.LEFT)
    other = sending._note_file("anna", "<2@example.com>")
    sending._write_note(other, "b", sending.STORED)
    uploads.sweep(lambda: time.time() + 3 * 86_400)
    (one,) = Outgoing(lambda: 0.0, bench.later).of("anna")
    assert one["state"] == "interrupted" and one["may_have_left"] and not other.exists()


def test_signing_out_sends_at_once(bench: Bench) -> None:
    bench.hold()
    bench.outgoing.flush(Session("anna", "another"))
    assert bench.sent == []
    bench.outgoing.flush(ANNA)
    assert bench.sent == ["Lunch?"] and bench.state() == ["sent"]


def test_what_waits_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        drafts, "save", lambda session, change, most: Saved(Version(1, 7), change.draft.message_id, False)
    )
    for number in range(outgoing.EACH_USER_MAX + 1):
        made = replace(draft(), message_id=f"<{number}@example.com>")
        message = Message(ANNA, made, "a", 1_000)
        if number < outgoing.EACH_USER_MAX:
            bench.outgoing.hold(message, Change(made, "token-00"), 10)
        else:
            with pytest.raises(outgoing.TooMany):
                bench.outgoing.hold(message, Change(made, "token-00"), 10)


def test_what_was_sent_lately_stands_in_nobodys_way(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        drafts, "save", lambda session, change, most: Saved(Version(1, 7), change.draft.message_id, False)
    )
    for number in range(outgoing.ALL_MAX + 1):
        made = replace(draft(), message_id=f"<{number}@example.com>", html="<p>long</p>")
        bench.outgoing.hold(Message(ANNA, made, "a", 1_000), Change(made, "token-00"), 10)
        bench.timers[-1]()
    assert len(bench.sent) == outgoing.ALL_MAX + 1
    # Of what was sent no words are kept in memory.
    assert not any(one.message.draft.html for one in bench.outgoing.waiting.values())


def test_a_repeated_request_finds_what_was_stored_as_a_second_draft(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the first was lost; its message has been sent meanwhile."""
    saves: list[Version] = []

    def save(session: Session, change: Change, most: int) -> Saved:
        saves.append(Version(1, 7 + len(saves)))
        return Saved(saves[-1], drafts.second_id(ID, change.token), True)

    monkeypatch.setattr(drafts, "save", save)
    first = bench.hold()
    bench.timers[0]()
    again = bench.hold()
    assert (again["message_id"], again["state"]) == (first["message_id"], "sent")
    assert bench.sent == ["Lunch?"] and bench.removed == [7] and len(saves) == 1 and notes() == []
    bench.now = 1_000.0
    assert bench.state() == []


def test_of_two_requests_at_once_the_stored_draft_is_removed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one's save takes the place of the first one's."""
    uids = iter([7, 8])

    def save(session: Session, change: Change, most: int) -> Saved:
        uid = next(uids)
        if uid == 7:
            # Another thread, with the same request.
            bench.hold()
            return Saved(Version(1, 9), ID, False)
        return Saved(Version(1, uid), ID, False)

    monkeypatch.setattr(drafts, "save", save)
    bench.hold()
    assert len(bench.timers) == 1
    bench.timers[0]()
    assert bench.sent == ["Lunch?"] and bench.removed == [9]
