"""Auto BCC in the filter: which messages are copied, where to, and what goes back on the wire (rows BC01-BC04)."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from filter_rules import RULES
from mailroom.filtering import milter
from mailroom.filtering.actions import auto_bcc
from mailroom.filtering.bcc_rules import BccRule
from mailroom.filtering.body import Body
from mailroom.filtering.ids import new_id
from mailroom.filtering.journal import record_of
from mailroom.filtering.message import Changes, Client, Message, Recipient
from mailroom.store.journal import JournalStore

OUTSIDE = Client("192.0.2.7")


def message(**facts: Any) -> Message:
    given = {"sender": "Friend@World.example", "recipients": [Recipient("ben@example.com")], "client": OUTSIDE, **facts}
    headers = [(b"Message-ID", b" <1@world.example>"), *given.pop("headers", [])]
    return Message(id=new_id(), arrived=1.0, body=Body(1_000), headers=headers, **given)


def copied(mail: Message, *rules: tuple[str, str, str]) -> Changes:
    changes = Changes()
    auto_bcc.act(mail, [], replace(RULES, auto_bcc=tuple(BccRule(*rule) for rule in rules)), changes)
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


def test_only_what_was_copied_before_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = JournalStore(tmp_path)
    monkeypatch.setattr(auto_bcc, "journal", lambda: store)
    rules = [("all", "", "x@y.example"), ("all", "", "anna")]
    first = message()
    store.add(record_of(first, [], "deliver", copied(first, rules[0])))
    known, forged = (b"X-Mailroom-ID", f" {first.id}".encode()), (b"x-mailroom-id", b" " + new_id().encode())
    back = copied(message(headers=[known]), *rules)
    assert back.copies == ["anna@example.com"] and "itself a copy" in back.told[0]
    assert len(copied(message(headers=[forged]), *rules).copies) == 2
    assert len(copied(message(headers=[known], login="ben"), *rules).copies) == 2
    other = message(headers=[known])
    other.headers[0] = (b"Message-ID", b" <2@world.example>")
    assert len(copied(other, *rules).copies) == 2


def test_nobody_is_told_of_a_copy_that_fails() -> None:
    wire = b"".join(milter.verdict(Changes(copies=["anna@example.com"])))
    content = b"2<anna@example.com>\0NOTIFY=NEVER\0"
    assert wire == struct.pack("!I", len(content)) + content + milter.packet(b"a")
    assert b"anna" not in b"".join(milter.verdict(Changes(copies=["anna@example.com"], final="discard")))
