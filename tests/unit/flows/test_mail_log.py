"""Following the logs: each line counts once, whatever ends the follower, and what is lost is not made up."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mail_log_writer import FATES, START, LogWriter, lines_of, mixed

from mailroom.daemons import log_follower
from mailroom.flows.early_refusals import Refusal
from mailroom.flows.mail_log import MailLog
from mailroom.store import delivery_changes
from mailroom.store.deliveries import DeliveryStore
from mailroom.store.delivery_rows import MessageRow, Rows

EXPECTED = {"delivered": "delivered", "junk": "junk", "remote": "delivered", "waiting": "waiting",
            "returned": "returned", "expired": "expired", "removed": "removed", "held": "on_hold",
            "round": "delivered", "again": "delivered"}  # fmt: skip


class Killed(BaseException):
    """A kill -9 at this moment."""


class Place:
    """Logs, and the states that are followed from them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = {name: LogWriter(folder / "log" / name) for name in ("postfix", "dovecot")}
        self.told: list[Refusal] = []

    def store(self) -> DeliveryStore:
        return DeliveryStore(self.folder / "deliveries.sqlite")

    def follower(self) -> MailLog:
        """As a new job process has it."""
        return MailLog(self.store(), lambda: None, self.told.append, self.folder / "log", self.folder / "queue")

    def write(self, *lines: tuple[str, str]) -> None:
        for log, text in lines:
            self.logs[log].write(self.logs[log].line(text))

    def all(self) -> dict[str, Any]:
        """{queue id: what is known}, without the numbers of rows."""
        store = self.store()
        with store.database.connection_context():
            rows = list(MessageRow.select())
        return {row.queue_id: (row.status, row.delivered, row.done, row.recorded, store.show(row.queue_id, row.time))
                for row in rows}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    yield Place(tmp_path)
    Place(tmp_path / "closing").store().database.close()


def test_every_fate(place: Place) -> None:
    for number, fate in enumerate(FATES):
        place.write(*lines_of(number, fate))
    place.follower().look()
    known = place.all()
    found = {fate: known[f"4jdX{number:08d}"][0] for number, fate in enumerate(FATES) if fate != "quarantine"}
    assert found == EXPECTED
    assert f"4jdX{FATES.index('quarantine'):08d}" not in known
    # Of the users' messages (every third), those that somebody has: 0 delivered, 9 round; 3 waits, 6 was removed.
    assert place.store().sent(0.0) == 2
    for status in set(EXPECTED.values()):
        total, listed = place.store().find(status)
        assert total == len(listed) == list(EXPECTED.values()).count(status)


def test_several_recipients_each_have_their_own_state(place: Place) -> None:
    story = lines_of(1, "remote", recipients=3)
    waits = story[3][1].replace("sent (250 ok)", "deferred (connect to mx[198.51.100.7]:25: Connection refused)")
    place.write(*story[:3], ("postfix", waits))
    place.follower().look()
    known = place.all()["4jdX00000001"]
    assert known[0] == "waiting" and known[1] == 1
    assert [one["state"] for one in known[4]["recipients"]] == ["delivered", "waiting"] and known[4]["untried"]
    assert place.store().states({"4jdX00000001": START})["4jdX00000001"]["counts"] == {"delivered": 1, "waiting": 1}


def test_a_queue_id_that_is_given_again_is_another_message(place: Place) -> None:
    place.write(*lines_of(1, "returned"), *lines_of(1, "remote"))
    place.follower().look()
    store = place.store()
    assert [store.find(status)[0] for status in ("returned", "delivered")] == [1, 1]
    assert [store.show("4jdX00000001", at)["status"] for at in (START + 1, START + 9)] == ["returned", "delivered"]


@pytest.mark.parametrize("seed", range(12))
def test_a_follower_that_is_killed_at_any_time_reads_each_line_once(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rotations, halves of lines and kills in the middle of a transaction, against one reading of the whole log."""
    dice = random.Random(seed)
    stories = [lines_of(number, dice.choice(FATES), dice.choice((1, 1, 3))) for number in range(60)]
    lines = mixed(dice, stories)
    once = Place(tmp_path / "once")
    once.write(*lines)
    once.follower().look()
    wanted = once.all()

    place = Place(tmp_path / "often")
    follower = place.follower()
    apply, follow = delivery_changes.apply, log_follower.follow
    # Small pieces: many of them, and lines cut in two by their ends.
    monkeypatch.setattr(log_follower, "follow", lambda folder, position: follow(folder, position, 700))

    def fragile(event: Any, rows: Rows) -> set[int]:
        if dice.random() < 0.02:
            raise Killed
        return apply(event, rows)

    monkeypatch.setattr(delivery_changes, "apply", fragile)
    for log, text in lines:
        writer = place.logs[log]
        line = writer.line(text)
        cut = dice.randrange(len(line))
        writer.write(line[:cut])
        if dice.random() < 0.2:
            follower = _looks(follower, place)
        writer.write(line[cut:])
        if dice.random() < 0.1:
            writer.rotate()
        if dice.random() < 0.1:
            follower = place.follower()
    monkeypatch.setattr(delivery_changes, "apply", apply)
    follower.look()
    assert place.all() == wanted


def _looks(follower: MailLog, place: Place) -> MailLog:
    try:
        follower.look()
    except Killed:
        return place.follower()
    return follower


def test_what_is_lost_is_not_made_up(place: Place) -> None:
    """Its log is gone, and it has left the queue: nobody knows what became of it. What still waits does so."""
    place.write(*lines_of(1, "waiting"), *lines_of(2, "waiting"))
    place.follower().look()
    for _ in range(2):
        place.logs["postfix"].rotate()
        place.write(*lines_of(3, "remote"))
    place.logs["postfix"].drop_oldest()
    (place.folder / "queue" / "deferred" / "4").mkdir(parents=True)
    (place.folder / "queue" / "deferred" / "4" / "4jdX00000002").write_text("")
    place.follower().look()
    known = place.all()
    assert [known[f"4jdX{number:08d}"][0] for number in (1, 2, 3)] == ["unknown", "waiting", "delivered"]


def test_states_go_with_the_oldest_records(place: Place) -> None:
    place.write(*lines_of(1, "remote"), *lines_of(2, "waiting"), *lines_of(3, "remote"))
    follower = place.follower()
    follower.look()
    follower.oldest, follower.forget_again = (lambda: START + 4), 0.0
    follower.look()
    known = place.all()
    # What is not over is not forgotten.
    assert set(known) == {"4jdX00000002", "4jdX00000003"}


def test_what_never_came_into_the_queue_is_forgotten_too(place: Place) -> None:
    """Whoever names a recipient and goes away fills no table, and is no message whose fate is lost."""
    place.write(*(lines_of(number, "remote")[0] for number in range(9)), *lines_of(9, "remote"))
    follower = place.follower()
    follower.look()
    assert follower.store.give_up(START + 1_000, lambda _: False) == 0
    follower.oldest, follower.forget_again = (lambda: START + 1_000), 0.0
    follower.look()
    assert place.all() == {}


def test_a_filter_that_hangs_is_waited_for_once(place: Place) -> None:
    """Else the states of all messages would wait for as many refusals as strangers cause."""
    reject = ("mail postfix/smtp/smtpd[127]: NOQUEUE: reject: MAIL from mx.world.example[198.51.100.7]: 552 5.3.4 "
              "Message size exceeds fixed limit; from=<big@world.example> proto=ESMTP helo=<mx>")  # fmt: skip
    waited: list[Refusal] = []

    def hang(refusal: Refusal) -> None:
        waited.append(refusal)
        raise TimeoutError

    follower = place.follower()
    follower.tell_filter = hang
    follower.clock.now = lambda: START + 30  # type: ignore[method-assign]
    place.write(*[("postfix", reject)] * 20)
    follower.look()
    assert len(waited) == 1


def test_refusals_are_told_while_they_are_fresh(place: Place) -> None:
    reject = ("mail postfix/smtp/smtpd[127]: NOQUEUE: reject: MAIL from mx.world.example[198.51.100.7]: 552 5.3.4 "
              "Message size exceeds fixed limit; from=<big@world.example> proto=ESMTP helo=<mx>")  # fmt: skip
    follower = place.follower()
    follower.clock.now = lambda: START + 30  # type: ignore[method-assign]
    place.write(("postfix", reject))
    follower.look()
    follower.clock.now = lambda: START + 300  # type: ignore[method-assign]
    place.write(("postfix", reject))
    follower.look()
    assert [one.sender for one in place.told] == ["big@world.example"]
