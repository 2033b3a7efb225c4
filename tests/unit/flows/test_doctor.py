"""The deliverability check's memory: what has changed is told once, problems are shown, and it runs once a day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailroom.core.problems import NotFound
from mailroom.core.settings import AllValues, defaults
from mailroom.flows import doctor as story
from mailroom.flows.doctor import EVERY_S, FIRST_AFTER_S, Doctor
from mailroom.flows.doctor_shape import ORDER, Item, Outside, item, relayed
from mailroom.flows.doctor_words import SENTENCES
from mailroom.store.checks import CheckStore
from mailroom.store.events import EventStore

FREE = item("lists", "list_free", part="l.example", zone="l.example", address="192.0.2.1")
LISTED = item("lists", "list_listed", part="l.example", zone="l.example", address="192.0.2.1")
SILENT = item("lists", "list_silent", part="l.example", zone="l.example")


class Hands:
    """A clock, and what the check would find."""

    time = 1_000_000.0
    finds: tuple[Item, ...] = (FREE,)

    def now(self) -> float:
        return self.time

    def elapsed(self) -> float:
        return self.time


class House:
    def __init__(self, folder: Path) -> None:
        self.hands = Hands()
        self.values = defaults()
        self.values["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com")
        self.events, self.store = EventStore(folder / "events.sqlite"), CheckStore(folder / "checks.sqlite")
        self.shown: dict[str, Any] | None = None
        outside = Outside(clock=self.hands)
        self.doctor = Doctor(self.store, self.events, lambda: self.values, outside, self.report, self.clear)

    def report(self, id: str, title: str, text: str, next: str, **more: str) -> None:
        # As the real one: what lasts keeps its first words.
        self.shown = self.shown or {"title": title, "text": text, **more}

    def clear(self, id: str) -> None:
        self.shown = None

    def told(self) -> list[str]:
        return [event["text"] for event in self.events.since(0) if event["kind"] == "check"]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    made = House(tmp_path)
    facts = {"domain": "example.com", "hostname": "mail.example.com", "address": ""}
    monkeypatch.setattr(story, "examine", lambda values, outside: (facts, list(made.hands.finds)))
    yield made
    made.events.database.close()
    made.store.database.close()


def run(house: House, *finds: Item) -> dict[str, Any]:
    house.hands.finds = finds
    house.hands.time += 10
    return house.doctor.run()


def test_before_the_first_there_is_none(house: House) -> None:
    with pytest.raises(NotFound) as refused:
        house.doctor.last()
    assert refused.value.code == "not_checked"


def test_the_first_result_is_no_change(house: House) -> None:
    result = run(house, LISTED)
    assert house.told() == [] and house.doctor.last() == result
    assert house.shown is not None and house.shown["go"] == "server_management/check"
    assert result["counts"]["problem"] == 1


def test_a_change_is_told_once_and_shown_while_it_lasts(house: House) -> None:
    since = run(house, FREE)["time"]
    assert house.shown is None
    listed = run(house, LISTED)
    assert house.told() == [f"Blocklist l.example: {LISTED.text}"]
    assert listed["items"][0]["since"] == listed["time"] > since
    again = run(house, LISTED)
    assert len(house.told()) == 1 and again["items"][0]["since"] == listed["time"]
    assert house.shown is not None and house.shown["text"] == LISTED.text
    run(house, FREE)
    assert house.told()[1:] == [f"Blocklist l.example: {FREE.text}"] and house.shown is None


def test_a_day_without_an_answer_is_no_change(house: House) -> None:
    run(house, FREE)
    assert run(house, SILENT)["items"][0]["known"] == "right"
    run(house, SILENT)
    run(house, FREE)
    assert house.told() == []
    run(house, SILENT)
    run(house, LISTED)
    assert len(house.told()) == 1


def test_what_is_shown_follows_what_is_wrong(house: House) -> None:
    mx = Item("mx", "problem", "mx_missing", "example.com has no MX record.", "")
    run(house, LISTED)
    run(house, LISTED, mx)
    assert house.shown is not None and mx.text in house.shown["text"]


def test_the_history_tells_what_changed_and_is_bounded(house: House) -> None:
    for turn in range(70):
        run(house, LISTED if turn % 2 else FREE)
    history = house.doctor.history()
    assert len(history) == 60
    told = {"id": "lists:l.example", "title": "Blocklist l.example", "domain": "", "state": "problem"}
    assert history[0]["changed"] == [told]
    assert history[-1]["changed"] == []


def test_once_a_day_an_hour_after_the_start(house: House) -> None:
    doctor, hands = house.doctor, house.hands
    began = hands.time
    assert not doctor.is_due(began)
    hands.time += FIRST_AFTER_S
    assert doctor.is_due(began)
    run(house, FREE)
    assert not doctor.is_due(began)
    hands.time += EVERY_S
    assert doctor.is_due(began)
    house.values["server_management.check_options"]["daily"] = False
    assert not doctor.is_due(began)
    house.values["server_management.check_options"]["daily"] = True
    hands.time -= 10 * EVERY_S
    assert doctor.is_due(began), "a clock that was put back must not stop it"
    house.values["mail_delivery.general"]["domain"] = "localdomain.invalid"
    assert not doctor.is_due(began), "nothing is set up yet"


def test_after_a_restart_problems_are_shown_again(house: House) -> None:
    import threading

    run(house, LISTED)
    house.shown = None
    stop = threading.Event()
    stop.set()
    house.doctor.watch(stop)
    assert house.shown is not None


def test_what_fails_inside_takes_nothing_from_the_others() -> None:
    def broken(values: AllValues, outside: Outside) -> Item:
        raise RuntimeError("a mistake of ours")

    (found,) = story._safely("clock", broken, defaults(), Outside())
    assert (found.look, found.state, found.code) == ("clock", "unknown", "broken")


def test_every_sentence_has_a_remedy_unless_all_is_well() -> None:
    assert [code for code, (state, _, next_step) in SENTENCES.items() if state != "right" and not next_step] == []
    assert len({one.id for one in ORDER}) == len(ORDER)


def test_a_relay_is_read_from_its_page() -> None:
    assert not relayed(defaults())
    assert relayed({**defaults(), "mail_delivery.delivery": {"enabled": True}})
