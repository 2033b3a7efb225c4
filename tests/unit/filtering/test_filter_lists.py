"""The black and white lists: what matches whom, and what follows (rows BW02-BW11)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.core.filter_settings import Antivirus, General, Policy, Spam
from mailroom.filtering.body import Body
from mailroom.filtering.checks import black_white_list
from mailroom.filtering.lists import Lists, plain
from mailroom.filtering.message import Answer, Client, Message, Recipient
from mailroom.filtering.patterns import Patterns
from mailroom.filtering.policy import answer, attributes
from mailroom.filtering.rules import Rules
from mailroom.filtering.wildcard import fits


def rule(kind: str, criteria: str, action: str = "reject", enabled: bool = True) -> dict[str, Any]:
    name = f"{kind} {criteria}"
    return {"id": "x", "name": name, "enabled": enabled, "type": kind, "criteria": criteria, "action": action}


def rules_with(*black: dict[str, Any], white: tuple[dict[str, Any], ...] = ()) -> Rules:
    return Rules(
        General("example.com", "mail.example.com", 1, 3, 4),
        Spam(False, "spamassassin", 5.0, False, "", "wait"),
        Antivirus(True, "clamav", "quarantine", "wait"),
        Policy(0),
        lists=Lists(black, [{key: value for key, value in one.items() if key != "action"} for one in white]),
    )


def message(*recipients: Recipient, client: str = "192.0.2.1", sender: str = "bob@out.example") -> Message:
    return Message("id", 0.0, Client(client), Body(1000), sender=sender, recipients=list(recipients))


def told(found: Message, rules: Rules) -> Answer:
    return asyncio.run(black_white_list.check(found, rules))


@pytest.mark.parametrize(
    ("kind", "criteria", "matching", "others"),
    [
        ("ip", "192.0.2.1", ["192.0.2.1"], ["192.0.2.10", "192.0.2.2", "2001:db8::1"]),
        ("ip", "2001:db8::1", ["2001:db8::1", "2001:db8:0:0::1"], ["2001:db8::2", "192.0.2.1", ""]),
        ("ip_mask", "192.0.2.0/25", ["192.0.2.0", "192.0.2.127"], ["192.0.2.128", "192.0.1.255", "2001:db8::1"]),
        ("ip_mask", "2001:db8::/32", ["2001:db8:ffff::1"], ["2001:db9::1", "32.1.13.184"]),
        ("ip_mask", "192.0.2.7/32", ["192.0.2.7"], ["192.0.2.6"]),
        ("sender", "*@example.com", ["a@example.com", "A@EXAMPLE.com", '"a"@example.com'], ["a@b.example.com", ""]),
        ("sender", "admin@*", ["admin@example.com"], ["admins@example.com", "xadmin@example.com"]),
        ("sender", "*@*.com", ["a@b.com", "a@b.c.com"], ["a@com", "a@b.com.example"]),
        ("sender", "a@b.example", ["a@b.example"], ["a@b.exampl", "aa@b.example"]),
        ("recipient", "*list*@*", ["my-list-1@x.example"], ["lst@x.example"]),
        ("recipient", "a*a@x.example", ["aa@x.example", "abba@x.example"], ["a@x.example"]),
    ],
)
def test_what_a_rule_matches(kind: str, criteria: str, matching: list[str], others: list[str]) -> None:
    lists = Lists([rule(kind, criteria)])

    def ruling(text: str) -> Any:
        if kind.startswith("ip"):
            return lists.about(text, "").to("")
        return lists.about("", text).to("") if kind == "sender" else lists.about("", "").to(text)

    assert [text for text in matching if not ruling(text).is_rejected] == []
    assert [text for text in others if ruling(text).black] == []


def test_the_first_rule_of_the_list_decides() -> None:
    both = [rule("sender", "*@out.example", "discard"), rule("ip", "192.0.2.1", "reject")]
    assert Lists(both).about("192.0.2.1", "a@out.example").to("").is_discarded
    assert Lists(both[::-1]).about("192.0.2.1", "a@out.example").to("").is_rejected
    off = [{**both[0], "enabled": False}, both[1]]
    assert Lists(off).about("192.0.2.1", "a@out.example").to("").is_rejected
    assert not Lists([off[0]]).any


def test_the_whitelist_wins_and_its_rules_add_up() -> None:
    rules = rules_with(
        rule("ip", "192.0.2.1"), white=(rule("ip_mask", "192.0.2.0/24"), rule("recipient", "a@example.com"))
    )
    about = rules.lists.about("192.0.2.1", "")
    assert about.to("b@example.com").black is None
    assert "antivirus" not in about.to("b@example.com").skips and "antivirus" in about.to("a@example.com").skips


@given(
    st.lists(st.text("ab@.*", min_size=1, max_size=6).filter(lambda text: text.strip("*")), max_size=30),
    st.text("ab@.", max_size=12),
)
def test_many_patterns_find_just_those_that_fit(patterns: list[str], text: str) -> None:
    found = sorted(Patterns((pattern, number) for number, pattern in enumerate(patterns)).of(text))
    assert found == [number for number, pattern in enumerate(patterns) if fits(pattern, text)]


def test_addresses_are_compared_without_quotes_and_routes() -> None:
    assert plain('"A\\ b"@X.example') == "a b@x.example" and plain("@r.example,@s.example:a@x.example") == "a@x.example"


def test_the_answer_to_postfix() -> None:
    rules = rules_with(
        rule("recipient", "no@example.com"),
        rule("recipient", "hush@example.com", "discard"),
        white=(rule("sender", "*@friend.example"),),
    )
    asked = {"client_address": "192.0.2.1", "sender": "a@out.example", "recipient": "no@example.com"}
    assert answer(asked, rules) == "550 5.7.1 Refused by a rule of this server"
    assert answer({**asked, "sender": "a@friend.example"}, rules) == "OK"
    # Discarded mail is taken first; and who is refused elsewhere is not let past by us.
    assert answer({**asked, "recipient": "hush@example.com"}, rules) == "DUNNO"
    assert answer({}, rules) == "DUNNO"
    assert attributes(b"request=x\nsender=a=b@c\n\n") == {"request": "x", "sender": "a=b@c"}


def test_a_rule_that_came_between_never_loses_mail() -> None:
    """Accepted at RCPT TO by older rules: refused as a whole, or for now when others are to get it."""
    rules = rules_with(rule("recipient", "no@example.com"))
    alone = told(message(Recipient("no@example.com")), rules)
    assert (alone.result, alone.reply[:3]) == ("reject", "550")
    both = told(message(Recipient("no@example.com"), Recipient("yes@example.com")), rules)
    assert (both.result, both.reply[:3], both.drops) == ("tempfail", "451", ())


def test_discarding_for_some_and_for_all() -> None:
    rules = rules_with(rule("recipient", "hush@example.com", "discard"))
    some = told(message(Recipient("Hush@example.com"), Recipient("yes@example.com")), rules)
    assert (some.result, some.drops) == ("pass", ("Hush@example.com",))
    refused = Recipient("yes@example.com", "550 5.1.1 User unknown")
    assert told(message(Recipient("hush@example.com"), refused), rules).result == "delete"
    # Of whom Postfix has refused everybody for a reason of its own, the lists tell nothing.
    assert told(message(Recipient("hush@example.com", "450 4.2.1 later")), rules).detail == "no rule matches"


def test_a_test_is_skipped_only_when_every_recipient_may() -> None:
    rules = rules_with(white=(rule("recipient", "a@example.com"), rule("domain", "friend.example")))
    a, b = Recipient("a@example.com"), Recipient("b@example.com")
    assert set(told(message(a), rules).skips) == {"spf", "antivirus", "restrictions"}
    assert told(message(a, b), rules).skips == ()
    assert "dmarc" in told(message(a, b, sender="x@friend.example"), rules).skips
    assert "antivirus" in told(message(a, Recipient("b@example.com", "550 5.1.1 no")), rules).skips


def test_without_rules_nobody_is_asked() -> None:
    assert not black_white_list.applies(message(Recipient("a@example.com")), rules_with())


def test_a_rule_for_a_recipient_is_for_the_extended_address_too() -> None:
    """X06-01: and one for the extended address is for that one only."""
    black = [rule("recipient", "ben@example.com"), rule("recipient", "anna+shop@example.com")]
    with_them = Lists(black, separator="+").about("192.0.2.1", "a@out.example")
    assert with_them.to("Ben+x@example.com").black and with_them.to("anna+shop@example.com").black
    assert with_them.to("anna+other@example.com").black is None
    assert Lists(black).about("192.0.2.1", "a@out.example").to("ben+x@example.com").black is None
