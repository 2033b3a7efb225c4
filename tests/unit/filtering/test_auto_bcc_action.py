"""Auto BCC in the filter: which messages are copied, where to, and what goes back on the wire (rows BC01-BC04)."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from filter_rules import RULES
from mailroom.filtering import milter, own_mark
from mailroom.filtering.actions import auto_bcc, name_transaction
from mailroom.filtering.bcc_rules import BccRule
from mailroom.filtering.body import Body
from mailroom.filtering.ids import new_id
from mailroom.filtering.journal import record_of
from mailroom.filtering.message import Changes, Client, Header, Message, Recipient
from mailroom.filtering.rules import Rules
from mailroom.store.journal import JournalStore

OUTSIDE = Client("192.0.2.7")
BODY = b"The plans, for you.\r\n"


def message(**facts: Any) -> Message:
    given = {"sender": "Friend@World.example", "recipients": [Recipient("ben@example.com")], "client": OUTSIDE, **facts}
    headers = [(b"Message-ID", b" <1@world.example>"), *given.pop("headers", [])]
    return Message(id=new_id(), arrived=1.0, body=Body(1_000), headers=headers, **given)


def with_rules(*rules: tuple[str, str, str]) -> Rules:
    return replace(RULES, auto_bcc=tuple(BccRule(*rule) for rule in rules))


def copied(mail: Message, *rules: tuple[str, str, str]) -> Changes:
    changes = Changes()
    auto_bcc.act(mail, [], with_rules(*rules), changes)
    return changes


def test_each_criterion() -> None:
    assert copied(message(), ("from", "@world.", "anna")).copies == ["anna@example.com"]
    assert copied(message(), ("from", "@else.", "anna"), ("to", "world", "anna")).copies == []
    assert copied(message(), ("to", "ben@", "Archive@Else.example")).copies == ["Archive@Else.example"]
    assert copied(message(sender=""), ("all", "", "anna")).copies == ["anna@example.com"]


def test_a_refused_recipient_is_no_recipient() -> None:
    refused = [Recipient("ben@example.com"), Recipient("sales@example.com", "550 5.1.1 no")]
    assert copied(message(recipients=refused), ("to", "sales", "anna")).copies == []


def test_one_copy_for_each_target_and_none_for_who_gets_it_anyway() -> None:
    rules = [
        ("all", "", "anna"),
        ("from", "friend", "ANNA@example.com"),
        ("to", "ben", "ben"),
        ("all", "", "x@y.example"),
    ]
    found = copied(message(), *rules)
    assert found.copies == ["anna@example.com", "x@y.example"] and len(found.told) == 2


@pytest.mark.parametrize(
    ("client", "login", "expected"),
    [("127.0.0.1", "", 0), ("::1", "", 0), ("127.0.0.1", "ben", 1), ("192.0.2.7", "", 1), ("", "", 1)],
)
def test_the_systems_own_mail_is_not_copied(client: str, login: str, expected: int) -> None:
    assert len(copied(message(client=Client(client), login=login), ("all", "", "anna")).copies) == expected


RULES_OF_TWO = [("all", "", "x@y.example"), ("all", "", "anna")]


@pytest.fixture
def returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Header:
    """The header of a message that was copied to x@y.example: text in the body, 1@world.example as Message-ID."""
    store = JournalStore(tmp_path)
    monkeypatch.setattr(auto_bcc, "journal", lambda: store)
    monkeypatch.setattr(own_mark, "key", lambda: b"k" * 32)
    first = message()
    first.body.add(BODY)
    changes = copied(first, RULES_OF_TWO[0])
    store.add(record_of(first, [], "deliver", changes))
    name_transaction.act(first, [], with_rules(RULES_OF_TWO[0]), changes)
    return changes.added[-1]


def arriving(*headers: Header, body: bytes = b"", **facts: Any) -> Message:
    found = message(headers=list(headers), **facts)
    found.body.add(body or BODY)
    return found


def test_only_what_was_copied_before_is_left_alone(returned: Header) -> None:
    back = copied(arriving(returned), *RULES_OF_TWO)
    assert back.copies == ["anna@example.com"] and "itself a copy" in back.told[0]
    # Others wrap and pad lines.
    assert copied(arriving(returned, body=b"The  plans,\nfor you.\n\n"), *RULES_OF_TWO).copies == ["anna@example.com"]
    assert len(copied(arriving(returned, login="ben"), *RULES_OF_TWO).copies) == 2


def test_whoever_has_a_copied_message_evades_no_rule_with_another(returned: Header) -> None:
    """Its id, its mark and its Message-ID are known to everybody who got it."""
    name, value = returned
    id, mark = value.decode().split()
    chance = random.Random(20_261_130)
    forged = [
        arriving(returned, body=b"Other plans"),
        arriving(returned, body=BODY + b"and more"),
        arriving((name, f" {id}".encode())),
        arriving((name, f" {new_id()} {mark}".encode())),
        arriving((name, f" {id} {mark[:-1]}".encode())),
        arriving((name, f" {id} {mark} {mark}".encode())),
        arriving((name, b" \xff \xff"), (name, b""), (name, b" ")),
        *(arriving((name, f" {id} {''.join(chance.choices('ABCDEF234567', k=16))}".encode())) for _ in range(50)),
    ]
    forged.append(arriving(returned, (b"Subject", b" Another")))
    other = arriving(returned)
    other.headers[0] = (b"Message-ID", b" <2@world.example>")
    assert [len(copied(one, *RULES_OF_TWO).copies) for one in (*forged, other)] == [2] * (len(forged) + 1)


def test_the_mark_is_over_what_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disclaimer belongs to the body by which a copy is known again; the body itself leaves as it would have."""
    monkeypatch.setattr(own_mark, "key", lambda: b"k" * 32)
    mail = arriving()
    changes = Changes(body=iter([BODY, memoryview(b"-- disclaimer")]))
    name_transaction.act(mail, [], with_rules(RULES_OF_TWO[0]), changes)
    id, mark = changes.added[-1][1].decode().split()
    assert own_mark.is_right(mark, id, ("<1@world.example>", ""), own_mark.digest([BODY + b"-- disclaimer"]))
    assert changes.body is not None and b"".join(map(bytes, changes.body)) == BODY + b"-- disclaimer"


def test_spam_is_known_by_the_subject_with_which_it_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_mark, "key", lambda: b"k" * 32)
    changes = Changes(replaced=[(1, b"Subject", b" ***SPAM*** x")])
    name_transaction.act(arriving((b"Subject", b" x")), [], with_rules(RULES_OF_TWO[0]), changes)
    id, mark = changes.added[-1][1].decode().split()
    assert own_mark.is_right(mark, id, ("<1@world.example>", "***SPAM*** x"), own_mark.digest([BODY]))


def test_without_rules_there_is_only_the_id() -> None:
    mail, changes = arriving(), Changes()
    name_transaction.act(mail, [], RULES, changes)
    assert changes.added == [(b"X-Mailroom-ID", f" {mail.id}".encode())]


def test_nobody_is_told_of_a_copy_that_fails() -> None:
    wire = b"".join(milter.verdict(Changes(copies=["anna@example.com"])))
    content = b"2<anna@example.com>\0NOTIFY=NEVER\0"
    assert wire == struct.pack("!I", len(content)) + content + milter.packet(b"a")
    assert b"anna" not in b"".join(milter.verdict(Changes(copies=["anna@example.com"], final="discard")))
