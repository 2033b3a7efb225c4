"""Auto BCC rules as files in Postfix's format (row BC06), and as Postfix reads them (BC07)."""

from __future__ import annotations

import pytest

from mailroom.daemons.postfix import bcc_senders
from mailroom.policy import auto_bcc, bcc_file
from mailroom.store.accounts import Account

TEXTS = ["@copied.example", "a+b.c_d=e&f~g!h#i'j*k-l@x.example", "sales"]


def rule(criterion: str, text: str = "", target: str = "anna") -> dict[str, str]:
    return {"criterion": criterion, "text": text, "target": target}


def test_what_was_exported_reads_as_the_same() -> None:
    rules = [rule("from", text, target) for text in TEXTS for target in ("anna", "o'neil@else.example")]
    found = bcc_file.read(bcc_file.written(rules, "example.com", "sender_bcc_maps"))
    assert [(one.text, one.target, one.fault) for one in found] == [(one["text"], one["target"], "") for one in rules]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/.*/ anna", "more than a part"),
        ("/^sales/ anna", "more than a part"),
        ("/sales/i anna", "more than a part"),
        ("/[ab]/ anna", "more than a part"),
        ("// anna", "no part of an address"),
        ("sa;les anna", "no part of an address"),
        ("sales a@@b", "no mail address"),
        ("sales |/bin/sh", "no mail address"),
        ("sales", "This is no rule"),
        ("sales anna ben", "This is no rule"),
    ],
)
def test_a_line_that_is_no_rule_says_why(line: str, words: str) -> None:
    (found,) = bcc_file.read(f"# {line}\n\n{line}\n") if "\n" not in line else []
    assert words in found.fault and found.number == 3


def test_an_address_alone_is_a_rule_too() -> None:
    (found,) = bcc_file.read("Max@Old.example Anna\n")
    assert (found.text, found.target, found.fault) == ("max@old.example", "anna", "")


def test_postfix_is_told_of_senders_literally() -> None:
    rules = [rule("from", "a+b@x.example"), rule("to", "sales"), rule("all")]
    assert bcc_senders.text(rules) == "/a[+]b[@]x[.]example/ OK\n"
    assert bcc_senders.text(rules[1:]) == ""


def test_who_is_taken_mail_for() -> None:
    gone = Account("dora", "dora", 4, missing_since=1.0)
    held = Account("emil", "emil", 5, seat=True, missing_since=1.0)
    off = Account("fay", "fay", 6, seat=True, disabled=True)
    people = [Account("anna", "anna", 1, seat=True), Account("ben", "ben", 2), Account("c", "ü", 3, unusable="x")]
    assert [one.key for one in auto_bcc.without_mailbox([*people, gone, held, off])] == ["ben", "fay"]
    assert auto_bcc.takes([rule("to", "ben@")], "ben@example.com") and auto_bcc.takes([rule("all")], "ben@example.com")
    assert not auto_bcc.takes([rule("from", "ben@")], "ben@example.com") and auto_bcc.by_sender([rule("from", "x")])
