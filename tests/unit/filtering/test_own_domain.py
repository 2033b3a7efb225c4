"""Senders of own domains from outside, and what a signed-in user may show as the sender (rows DL11, X06-10)."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from dataclasses import replace
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest
from test_session import Wire, mail

from filter_rules import RULES
from mailroom.core.filter_settings import Policy
from mailroom.filtering.account_facts import AccountFacts
from mailroom.filtering.body import Body
from mailroom.filtering.checks import own_domain, sender_login
from mailroom.filtering.exceptions import compiled
from mailroom.filtering.lists import Lists
from mailroom.filtering.message import Answer, Client, Message, Recipient
from mailroom.filtering.milter import packet
from mailroom.filtering.return_addresses import is_ours
from mailroom.filtering.rules import Rules
from mailroom.filtering.shown_addresses import addresses
from mailroom.filtering.srs import Srs

ON = replace(
    RULES,
    policy=Policy(0, own_senders=True, own_from="junk"),
    domains=frozenset({"example.com", "other.example"}),
)
STRICT = replace(ON, policy=replace(ON.policy, own_from="reject"))
OWNED = frozenset({"ben@example.com", "ben@other.example", "info@example.com"})


def message(sender: str = "bob@out.example", client: str = "192.0.2.1", **more: Any) -> Message:
    return Message(
        "id", 0.0, Client(client), Body(1000), sender=sender, recipients=[Recipient("ben@example.com")], **more
    )


def written(header: str, *lines: str, **more: Any) -> Message:
    """A message with From, and other headers."""
    made = message(**more)
    for line in (f"From: {header}", *lines) if header else lines:
        name, _, value = line.partition(":")
        made.add_header(name.encode(), value.encode())
    return made


def outside(found: Message, rules: Rules = ON) -> Answer:
    if not own_domain.applies(found, rules):
        return Answer("pass", "does not apply")
    return asyncio.run(own_domain.check(found, rules))


@pytest.mark.parametrize(
    "sender",
    [
        "anna@example.com", "ANNA@Example.COM", "anna@other.example", "anna@example.com.", '"anna"@example.com',
        "@relay.example:anna@example.com", "anna", "anna%example.com", "SRS0=AAAAAAAA=AA=x.example=y@example.com",
    ],
)  # fmt: skip
def test_own_senders_from_outside_are_refused_at_once(sender: str) -> None:
    found = message(sender)
    answer = outside(found)
    assert answer.result == "reject" and answer.reply.startswith("550 5.7.1 ") and answer.setting == own_domain.SENDERS
    assert "192.0.2.1" in answer.reply and "postmaster" in answer.reply and answer.reply.isascii()
    assert own_domain.refuses_early(found, ON)


@pytest.mark.parametrize(
    "sender", ["", "bob@out.example", "anna@sub.example.com", "anna@notexample.com", "a@b@c.example"]
)
def test_other_senders_are_not(sender: str) -> None:
    assert outside(message(sender)).result == "pass" and not own_domain.refuses_early(message(sender), ON)


@pytest.mark.parametrize(
    ("found", "rules"),
    [
        (message("anna@example.com", "127.0.0.1"), ON),
        (message("anna@example.com", "::1"), ON),
        (message("anna@example.com", ""), ON),
        (message("anna@example.com", login="anna"), ON),
        (message("anna@example.com", is_return=True), ON),
        (message("anna@example.com"), RULES),
        (message("anna@example.com"), replace(ON, trusted=compiled(["192.0.2.0/24"]).networks)),
        (message("anna@example.com"), replace(ON, own_exceptions=compiled(["192.0.2.1"]))),
        (message("anna@example.com"), replace(ON, own_exceptions=compiled(["192.0.2.0/28", "2001:db8::/32"]))),
        (message("anna@example.com"), replace(ON, own_exceptions=compiled(["anna@example.com"]))),
        (message("news-7@example.com"), replace(ON, own_exceptions=compiled(["news-*@example.com"]))),
    ],
)
def test_what_is_let_pass(found: Message, rules: Rules) -> None:
    assert outside(found, rules).result == "pass" and not own_domain.refuses_early(found, rules)


@pytest.mark.parametrize(
    ("kind", "criteria", "passes"),
    [
        ("ip", "192.0.2.1", True), ("ip_mask", "192.0.2.0/24", True), ("sender", "anna@*", True),
        ("recipient", "ben@example.com", True), ("recipient", "chloe@example.com", False), ("ip", "192.0.2.2", False),
    ],
)  # fmt: skip
def test_the_whitelist_lets_pass_what_it_lets_skip_policies(kind: str, criteria: str, passes: bool) -> None:
    rule = {"id": "x", "name": "n", "enabled": True, "type": kind, "criteria": criteria}
    rules = replace(ON, lists=Lists((), (rule,)))
    found = message("anna@example.com")
    assert not own_domain.refuses_early(found, rules), "a rule may be for a recipient, who is not known yet"
    assert (outside(found, rules).result == "pass") is passes


def test_what_others_show_as_ours_goes_to_junk_or_is_refused() -> None:
    for header in ("Boss <anna@example.com>", "anna@example.com", "x <bob@out.example>, anna@OTHER.example"):
        answer = outside(written(header))
        assert (answer.result, answer.setting) == ("spam", own_domain.FROM) and "bob@out.example" in answer.detail
        refused = outside(written(header), STRICT)
        assert refused.result == "reject" and refused.reply.startswith("550 5.7.1 ")
    delivers = replace(ON, policy=replace(ON.policy, own_from="deliver"))
    assert outside(written("anna@example.com"), delivers).result == "pass"
    assert outside(written('"anna@example.com" <bob@out.example>')).result == "pass"


def test_what_comes_back_through_a_mailing_list_is_delivered() -> None:
    listed = ("anna@example.com", "List-Id: <talk.lists.example>")
    for rules in (ON, STRICT):
        assert outside(written(*listed, sender="talk-bounces@lists.example"), rules).result == "pass"
        assert outside(written(*listed, sender=""), rules).result != "pass", "a list has an envelope sender"
        assert outside(written(*listed, sender="anna@example.com"), rules).result == "reject"


def test_exceptions_hold_for_what_is_shown_too() -> None:
    for text in ("192.0.2.1", "form@example.com", "*@hoster.example"):
        rules = replace(STRICT, own_exceptions=compiled([text]))
        assert outside(written("form@example.com", sender="www@hoster.example"), rules).result == "pass"


def test_only_return_addresses_that_we_have_made_come_back() -> None:
    srs = Srs(b"k" * 32, lambda: 1_000_000_000.0)
    made = srs.forward("bob@out.example", "example.com", ON.domains)
    assert is_ours(made, srs, ON)
    later = Srs(b"k" * 32, lambda: 1_000_000_000.0 + 30 * 86_400)
    assert not is_ours(made, later, ON) and not is_ours(made.replace("out.example", "evil.example"), srs, ON)
    assert not is_ours("anna@example.com", srs, ON) and not is_ours(made.replace("@example.com", "@x.example"), srs, ON)


def signed_in(found: Message, owned: frozenset[str] | None = OWNED, rules: Rules | None = None) -> Answer:
    found.login, found.complete, found.owned = "ben", True, owned
    rules = rules or replace(ON, general=replace(ON.general, sender_equals_login=True, address_separator="plus"))
    assert sender_login.applies(found, rules)
    return asyncio.run(sender_login.check(found, rules))


@pytest.mark.parametrize(
    "header",
    [
        "ben@example.com", "Ben Berg <ben@example.com>", "BEN@Example.com", "ben+shop@example.com", "ben@other.example",
        "Info <info@example.com>", '"ceo@bank.example" <ben@example.com>', "ben@example.com (ceo@bank.example)",
    ],
)  # fmt: skip
def test_own_addresses_may_be_shown(header: str) -> None:
    assert signed_in(written(header, sender="ben@example.com")).result == "pass"


@pytest.mark.parametrize(
    "lines",
    [
        ("ceo@bank.example",),
        ("anna@example.com",),
        ("Ben <ben@example.com>, Boss <anna@example.com>",),
        ("ben@example.com", "From: anna@example.com"),
        ("ben@example.com", "Sender: anna@example.com"),
        ("anna@example.com", "Sender: ben@example.com"),
        ("anna@example.com", "Resent-From: ben@example.com"),
        ("<anna@example.com> <ben@example.com>",),
        ("anna@example.com <ben@example.com", "FROM : ceo@bank.example"),
        ("=?utf-8?q?ceo=40bank.example?=",),
        ("undisclosed:;",),
        ("\r\n anna@\r\n example.com",),
        ("benx@example.com",),
        ("ben@sub.example.com",),
    ],
)
def test_others_may_not(lines: tuple[str, ...]) -> None:
    answer = signed_in(written(*lines, sender="ben@example.com"))
    assert answer.result == "reject" and answer.setting == sender_login.SETTING
    assert answer.reply.startswith("550 5.7.1 You are signed in as ben") and "ben@example.com" in answer.reply


def test_nothing_is_sent_without_an_envelope_sender_but_notifications() -> None:
    assert signed_in(written("ben@example.com", sender="")).result == "reject"
    for line in (
        "Content-Type: multipart/report; report-type=disposition-notification",
        "Auto-Submitted: auto-replied",
    ):
        assert signed_in(written("ben@example.com", line, sender="")).result == "pass"
        assert signed_in(written("anna@example.com", line, sender="")).result == "reject"


def test_a_message_without_from_gets_its_own_later() -> None:
    assert signed_in(written("", "Subject: x", sender="ben@example.com")).result == "pass"


def test_while_addresses_are_not_known_mail_waits() -> None:
    answer = signed_in(written("ben@example.com", sender="ben@example.com"), None)
    assert answer.result == "tempfail" and answer.reply.startswith("451 ")


def test_the_portal_keeps_to_it_whatever_the_setting_says() -> None:
    assert signed_in(written("anna@example.com", daemon="portal"), rules=RULES).result == "reject"
    other = written("anna@example.com", daemon="submission", login="ben", complete=True)
    assert not sender_login.applies(other, RULES)


def test_no_reply_holds_what_strangers_chose_beyond_plain_letters() -> None:
    answer = signed_in(written("evil\x01\x7f\u2028" + "x" * 5000 + "@bank.example", sender="ben@example.com"))
    assert answer.reply.isascii() and answer.reply.isprintable() and len(answer.reply) < 400


def test_the_file_of_the_job_process_is_read_when_it_is_another_one(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    facts = AccountFacts(file)
    assert facts.addresses_of("ben") is None
    file.write_text(
        json.dumps({"senders": {"ben@example.com": ["ben"], "info@example.com": ["anna", "ben"]}, "ended": {}})
    )
    assert facts.addresses_of("Ben") == {"ben@example.com", "info@example.com"} and facts.addresses_of("x") == set()
    fresh = tmp_path / "fresh"
    fresh.write_text(json.dumps({"senders": {}, "ended": {"ben": 1000.0}}))
    os.replace(fresh, file)
    assert facts.addresses_of("ben") == set()
    assert facts.is_over("Ben", 1000.0) and not facts.is_over("ben", 1000.1) and not facts.is_over("anna", 1.0)
    file.write_text("{")
    assert facts.addresses_of("ben") is None


def test_well_formed_headers_are_read_like_the_library_reads_them() -> None:
    random.seed(9)
    names = ["", "Anna", '"Adler, Anna"', '"a \\" b"', "(comment) Ben", "=?utf-8?q?x?="]
    for _ in range(500):
        items = []
        for _ in range(random.randint(1, 4)):
            address = f"{random.choice(['anna', 'ben+x', 'a.b'])}@{random.choice(['example.com', 'out.example'])}"
            name = random.choice(names)
            items.append(f"{name} <{address}>" if name or random.random() < 0.5 else address)
        text = ", ".join(items)
        assert addresses(text) == [address for _, address in getaddresses([text])], text


@pytest.mark.parametrize("piece", ["(", "<", '"', "\\", ",", "a@b,", "<a@b>", "(\\)", "@", ":", " "])
def test_hostile_headers_cost_time_in_proportion(piece: str) -> None:
    def took(count: int) -> float:
        best = 1e9
        for _ in range(3):
            started = time.process_time()
            addresses(piece * count)
            best = min(best, time.process_time() - started)
        return best

    small, large = took(20_000), took(160_000)
    assert large < 8 * 4 * max(small, 1e-3)


def test_a_sender_of_an_own_domain_is_refused_before_the_message_and_recorded() -> None:
    wire = Wire(ON)
    refused, *_ = wire.talk(*mail()[:3], packet(b"M", b"<anna@example.com>\0"))[1:]
    assert refused.startswith(b"y550 5.7.1 Mail from example.com ")
    (record,) = wire.records
    assert record[2] == "reject" and record[0].sender == "anna@example.com" and record[1][0].check == "own_domain"
