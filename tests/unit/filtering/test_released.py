"""A release: past the checks that are named and no other, by our own service and root's word alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_session import OFFER, Scripted, Wire

from filter_rules import RULES
from mailroom.core import paths
from mailroom.filtering import order, pipeline, released
from mailroom.filtering.message import Answer
from mailroom.filtering.milter import packet

NUMBER = "0123456789abcdef" * 2
FACTS = {"checks": ["scanner0"], "client": ["192.0.2.7", "a.example", "b"], "daemon": "smtp", "tls": "", "login": ""}
VIRUS, SPAM, CLEAN = Answer("virus", "Eicar"), Answer("spam", "rules", score=9.0), Answer("pass", "")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(*answers: Answer, ticket: Any = FACTS) -> Wire:
        monkeypatch.setattr(released.restore, "__defaults__", (tmp_path,))
        monkeypatch.setattr(paths, "QUARANTINE", tmp_path / "quarantine")
        checks = tuple(Scripted(f"scanner{number}", answer) for number, answer in enumerate(answers))
        monkeypatch.setattr(pipeline, "CONTENT", (order.Stage("scanners", checks, together=True),))
        if ticket is not None:
            (tmp_path / f"{NUMBER}.json").write_text(json.dumps(ticket))
        return Wire(RULES)

    return use


def release(daemon: str = "release", envid: str = NUMBER, headers: tuple[tuple[bytes, bytes], ...] = ()) -> list[bytes]:
    fields = (b"from", b"to", b"date", b"message-id")
    return [
        OFFER,
        packet(b"D", b"Cj\0mail.example.com\0{daemon_name}\0" + daemon.encode() + b"\0"),
        packet(b"C", b"localhost\x004\x00\x19127.0.0.1\0"),
        packet(b"H", b"localhost\0"),
        packet(b"M", b"<bob@out.example>\0ENVID=" + envid.encode() + b"\0BODY=8BITMIME\0"),
        packet(b"R", b"<alice@example.com>\0"),
        *(packet(b"L", name + b"\0 x\0") for name in fields),
        *(packet(b"L", name + b"\0" + value + b"\0") for name, value in headers),
        packet(b"T"),
        packet(b"D", b"Ei\0QUEUE1\0"),
        packet(b"B", b"hello\r\n"),
        packet(b"E"),
    ]


def verdicts(wire: Wire) -> list[tuple[str, dict[str, str]]]:
    return [(one[2], {asked.check: asked.answer.result for asked in one[1]}) for one in wire.records]


def test_the_named_check_is_not_asked_and_all_others_are(house: Any) -> None:
    wire = house(VIRUS, SPAM)
    wire.talk(*release())
    ((verdict, results),) = verdicts(wire)
    assert verdict == "spam" and results["scanner0"] == "released" and results["scanner1"] == "spam"
    message = wire.records[0][0]
    assert message.client.address == "192.0.2.7" and message.daemon == "smtp"


def test_another_check_that_holds_it_makes_no_second_copy(house: Any) -> None:
    wire = house(CLEAN, VIRUS)
    replies = wire.talk(*release())
    ((verdict, _),) = verdicts(wire)
    assert verdict == "reject" and any(b"554 5.7.1" in reply for reply in replies)
    assert not list(paths.QUARANTINE.rglob("*.eml"))


def test_a_rule_that_deletes_does_not_delete_it(house: Any) -> None:
    wire = house(CLEAN, Answer("delete", "a rule"))
    assert any(b"554 5.7.1" in reply for reply in wire.talk(*release()))


@pytest.mark.parametrize(
    "envid", ["", "0" * 32, NUMBER[:-1], f"../{NUMBER}", f"{NUMBER}.json", NUMBER + "\n", "quarantine", "ü" * 32]
)
def test_without_roots_word_nothing_comes_in_there(house: Any, envid: str) -> None:
    wire = house(VIRUS)
    assert any(b"550 5.7.1" in reply for reply in wire.talk(*release(envid=envid)[:5]))


@pytest.mark.parametrize("ticket", [None, [], {}, "x", {**FACTS, "client": ["a"] * 9}, {**FACTS, "checks": 1}])
def test_a_word_that_is_none_is_as_good_as_none(house: Any, ticket: Any) -> None:
    wire = house(VIRUS, ticket=ticket)
    assert any(b"550 5.7.1" in reply for reply in wire.talk(*release()[:5]))


def test_a_long_name_of_a_client_does_not_keep_its_message_in(house: Any) -> None:
    """As a stranger may give one, in bytes that are no letters."""
    helo = (b"\xff" * 2_000).decode("utf-8", "replace")
    wire = house(VIRUS, ticket={**FACTS, "client": ["192.0.2.7", "a.example", helo]})
    wire.talk(*release())
    assert [verdict for verdict, _ in verdicts(wire)] == ["deliver"]


@pytest.mark.parametrize("daemon", ["smtp", "Release", "release2", ""])
def test_from_anywhere_else_even_a_true_number_is_nothing(house: Any, daemon: str) -> None:
    wire = house(VIRUS)
    forged = ((b"X-Mailroom-Release", NUMBER.encode()), (b"X-Mailroom-Daemon", b"release"))
    wire.talk(*release(daemon, headers=forged))
    ((verdict, results),) = verdicts(wire)
    assert verdict == "quarantine" and results["scanner0"] == "virus"
