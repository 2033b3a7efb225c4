"""Completion of recipients: who matches, in which order, and what it costs."""

from __future__ import annotations

import time

import pytest

from mailroom.web import asking
from mailroom.web.portal import completion
from mailroom.web.portal.completion import Known, People, best, fold
from mailroom.web.portal.sessions import Session

PEOPLE = [
    Known("Anna Adler", "anna@example.com", "account"),
    Known("Zoë Žižek", "z.zizek@example.net", "sent", 3.0),
    Known("Hanna Berg", "hb@annapurna.example", "sent", 9.0),
    Known("", "joanna@example.org", "sent", 20.0),
    Known("Anna Bauer", "bauer@example.org", "sent", 1.0),
    Known("Müller, Jürgen", "jm@example.com", "account"),
    Known("", "info@example.com", "alias"),
]


def found(typed: str, limit: int = 8) -> list[str]:
    return [one.address for one in best(PEOPLE, fold(typed).split(), limit)]


def test_names_and_addresses_match_by_the_beginning_of_their_words() -> None:
    assert found("anna") == ["hb@annapurna.example", "bauer@example.org", "anna@example.com", "joanna@example.org"]
    assert found("bau an") == ["bauer@example.org"]
    assert found("ŽIZ") == found("ziz") == ["z.zizek@example.net"]
    assert found("jur mul") == ["jm@example.com"] and found("info@ex") == ["info@example.com"]
    assert found("nobody") == [] and found("anna", 1) == ["hb@annapurna.example"]


def test_often_and_lately_go_first() -> None:
    people = People(0.0)
    for address, days in (("old@x.example", [1] * 3), ("new@x.example", [280]), ("both@x.example", [1, 270, 280])):
        for day in days:
            date = f"{1 + day % 28:02d}-{'Jan' if day < 30 else 'Oct'}-2026 10:00:00 +0000".encode()
            people.add({"name": "", "address": address}, completion._weight(date))
    ranked = [one.address for one in best(people.by_address.values(), ["x"], 8)]
    assert ranked == ["both@x.example", "new@x.example", "old@x.example"]


def test_what_is_kept_is_bounded() -> None:
    people = People(0.0)
    for number in range(completion.ADDRESSES_MAX + 500):
        people.add({"name": "", "address": f"p{number}@x.example"}, 1.0)
    assert len(people.by_address) == completion.ADDRESSES_MAX
    crowd = [[b"", None, b"p%d" % number, b"y.example"] for number in range(completion.EACH_MAX + 1)]
    completion._take(people := People(0.0), {b"ENVELOPE": [None] * 5 + [crowd, None, None, None, None]})
    assert people.by_address == {}


def test_a_search_costs_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    def cost(count: int) -> float:
        people = [Known(f"Name {n}", f"person{n}@example.com", "sent", float(n)) for n in range(count)]
        times = []
        for _ in range(5):
            begun = time.process_time()
            best(people, ["person1"], 8)
            times.append(time.process_time() - begun)
        return min(times)

    assert cost(16_000) < 12 * max(cost(4_000), 0.001)


def test_the_name_on_the_server_goes_before_the_written_one(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [{"name": "Anna Adler", "address": "anna@example.com", "kind": "account"}]
    monkeypatch.setattr(asking, "colleagues", lambda: listed)
    people = People(0.0)
    people.add({"name": "annie", "address": "Anna@Example.com"}, 1.0)
    monkeypatch.setattr(completion, "_sent", lambda session: people)
    answer = completion.complete(Session("ben", "t"), "ann", 8)
    assert answer == [{"name": "Anna Adler", "address": "Anna@Example.com", "kind": "account"}]
    assert completion.complete(Session("ben", "t"), "   ", 8) == []


def test_what_a_search_looks_at_is_bounded_whatever_letters_a_name_has() -> None:
    """U+FDFA is eighteen letters in compatibility form; anybody can write it into a name."""
    one = Known("\ufdfa" * 400, "\ufdfa" * 400 + "@a.example", "sent")
    assert len(one.words) <= 3 * completion.FOLDED_MAX + 3
