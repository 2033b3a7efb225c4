"""Black and white lists with real mail (rows BW01-BW11), and the bypass table, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mail_chain import Chain
from mailroom.core.bypass import SKIPS, TESTS
from mailroom.core.settings import clean
from mailroom.filtering.order import BY_TEST
from mailroom.flows.message import explain

SAMPLES = Path(__file__).parents[2] / "samples"
LISTS, SECURITY, SPAM = "mail_delivery.lists", "mail_delivery.security", "security.spam"
LOOPBACK = "127.0.0.1"
# (type, criteria, a client, sender and recipient that match)
USUAL = {"client": "127.0.0.2", "sender": "bob@out.example", "to": "alice@example.com"}
BLACK = {
    "ip": ("127.0.0.11", {"client": "127.0.0.11"}),
    "ip_mask": ("127.0.11.0/255.255.255.0", {"client": "127.0.11.200"}),
    "sender": ("*@spam.*", {"sender": "Offers@spam.example"}),
    "recipient": ("u1*@example.com", {"to": "u100@example.com"}),
}
QUIET = {
    "ip": ("127.0.0.12", {"client": "127.0.0.12"}),
    "ip_mask": ("127.0.12.0/24", {"client": "127.0.12.200"}),
    "sender": ("quiet@*", {"sender": "quiet@out.example"}),
    "recipient": ("U200@Example.com", {"to": "u200@example.com"}),
}
WHITE = {
    "ip": ("127.0.0.21", {"client": "127.0.0.21"}),
    "ip_mask": ("127.0.21.0/24", {"client": "127.0.21.7"}),
    "sender": ("*friend*@*.example", {"sender": "old.friends@out.example"}),
    "recipient": ("u5@example.com", {"to": "u5@example.com"}),
    "domain": ("trusted.example", {"sender": "anybody@trusted.example"}),
}


def rules(found: dict[str, Any], prefix: str, **more: Any) -> list[dict[str, Any]]:
    made = []
    for number, (kind, (criteria, _)) in enumerate(found.items()):
        rule = {"id": f"{prefix}{number}", "name": f"{prefix} {kind}", "enabled": True, "type": kind}
        made.append({**rule, "criteria": criteria, **more})
    return made


BLACKLIST = [*rules(BLACK, "stop", action="reject"), *rules(QUIET, "hush", action="discard")]
SETTINGS = {
    SPAM: {"enabled": False},
    LISTS: clean(LISTS, {"blacklist": BLACKLIST, "whitelist": rules(WHITE, "pass")}),
}


@pytest.fixture(scope="module")
def chain(start: Any) -> Chain:
    found: Chain = start("clamd", "filter", "postfix", settings=SETTINGS)
    return found


def mail(name: str) -> bytes:
    return f"Message-ID: <{name}@out.example>\r\nSubject: {name}\r\n\r\nThe body of {name}.\r\n".encode()


def send(chain: Chain, content: bytes, *to: str, **how: str) -> tuple[int, str]:
    who = {**USUAL, **how}
    return chain.send(content, *(to or (who["to"],)), sender=who["sender"], client=who["client"], server=LOOPBACK)


def newest(chain: Chain, how: dict[str, str]) -> dict[str, Any]:
    """The newest record of mail like this."""
    wanted = {**USUAL, **how}
    found = chain.until(lambda: [one for one in chain.journal(wanted["to"]) if one["client"] == wanted["client"]])
    return next(one for one in found if one["sender"] == wanted["sender"])


def told(record: dict[str, Any]) -> str:
    return " ".join(explain(record))


@pytest.mark.parametrize("kind", BLACK)
def test_a_rule_rejects_and_the_sender_is_told(chain: Chain, kind: str) -> None:
    """Rows BW02-BW05, BW07."""
    how = BLACK[kind][1]
    code, text = send(chain, mail("stopped"), **how)
    assert code == 550 and text.startswith("5.7.1 ") and "Refused by a rule" in text
    # What the rule is called is nobody's business outside.
    assert f"stop {kind}" not in text
    record = newest(chain, how)
    assert record["verdict"] == "reject" and f"rule “stop {kind}” of the blacklist" in told(record)
    assert "Black & White List > Blacklist" in told(record) and record["reply"].startswith("550 5.7.1")


@pytest.mark.parametrize("kind", QUIET)
def test_a_rule_discards_and_nobody_is_told(chain: Chain, kind: str) -> None:
    """Rows BW02-BW05, BW08."""
    how = QUIET[kind][1]
    assert send(chain, mail(f"hushed-{kind}"), **how)[0] == 250
    record = newest(chain, how)
    assert record["verdict"] == "delete" and f"rule “hush {kind}” of the blacklist" in told(record)
    assert "the sender was not told" in told(record)
    # What came after it has arrived, so it would have, too.
    assert send(chain, mail(f"after-{kind}"))[0] == 250
    chain.sink.holding(f"The body of after-{kind}.".encode())
    assert not [one for one in chain.sink.taken if f"hushed-{kind}".encode() in one.content]


@pytest.mark.parametrize(
    "how",
    [
        {"client": "127.0.0.10"},
        {"client": "127.0.10.255"},
        {"client": "127.0.12.200", "sender": "friend@out.example"},
        {"sender": "offers@spamexample"},
        {"to": "u2000@example.com"},
        {"sender": "notquiet@out.example"},
    ],
)
def test_what_no_rule_matches_comes_in(chain: Chain, how: dict[str, str]) -> None:
    """Rows BW02-BW05, next to each rule."""
    assert send(chain, mail("beside"), **how)[0] == 250
    assert newest(chain, how)["verdict"] == "deliver"


def test_a_recipient_is_refused_or_dropped_alone(chain: Chain) -> None:
    """Rows BW05, BW07, BW08: the others get their mail, and nobody learns of whom it vanished."""
    with chain.smtp(server=LOOPBACK, client="127.0.0.3") as client:
        refused = client.sendmail(
            "bob@out.example", ["carol@example.com", "u100@example.com", "u200@example.com"], mail("several")
        )
    assert list(refused) == ["u100@example.com"] and refused["u100@example.com"][0] == 550
    assert chain.sink.holding(b"The body of several.").recipients == ["carol@example.com"]
    record = newest(chain, {"client": "127.0.0.3", "to": "carol@example.com"})
    assert record["verdict"] == "deliver"
    assert "“stop recipient” of the blacklist rejects mail to u100@example.com (u1*@example.com)" in told(record)
    assert "“hush recipient” of the blacklist discards mail to u200@example.com (u200@example.com)" in told(record)


# One message has one client, sender and recipient.
PAIRS = [(black, white) for black in BLACK for white in WHITE if not BLACK[black][1].keys() & WHITE[white][1].keys()]


@pytest.mark.parametrize(("black", "white"), PAIRS)
def test_the_whitelist_wins(chain: Chain, black: str, white: str) -> None:
    """Row BW10, each type over each other one that one message can match."""
    how = {**BLACK[black][1], **WHITE[white][1]}
    assert send(chain, mail("wins"), **how)[0] == 250
    record = newest(chain, how)
    assert record["verdict"] == "deliver" and f"rule “pass {white}” of the whitelist" in told(record)


def test_a_rule_that_is_switched_off_does_nothing(chain: Chain) -> None:
    """Row BW09, and each Apply counts at once."""
    off = [{**rule, "enabled": rule["name"] != "stop sender"} for rule in SETTINGS[LISTS]["blacklist"]]
    how = BLACK["sender"][1]
    chain.restart("filter", {LISTS: {"blacklist": off}})
    try:
        assert send(chain, mail("switched-off"), **how)[0] == 250
    finally:
        chain.restart("filter", {LISTS: {"blacklist": SETTINGS[LISTS]["blacklist"]}})
    assert send(chain, mail("switched-on"), **how)[0] == 550


def is_stopped_by_antivirus(chain: Chain, how: dict[str, str]) -> bool:
    assert send(chain, (SAMPLES / "eicar.eml").read_bytes(), **how)[0] == 250
    return newest(chain, how)["verdict"] == "quarantine"


def is_stopped_by_restrictions(chain: Chain, how: dict[str, str]) -> bool:
    return send(chain, mail("policies"), **how)[0] == 550


PROVERS = {"antivirus": is_stopped_by_antivirus, "restrictions": is_stopped_by_restrictions}
NOT_THERE_YET = ["dnsbl", "spf", "dkim", "dmarc"]


@pytest.mark.parametrize("kind", SKIPS)
def test_bypass_table_antivirus(chain: Chain, kind: str) -> None:
    """Row BW11."""
    assert is_stopped_by_antivirus(chain, {})
    assert is_stopped_by_antivirus(chain, WHITE[kind][1]) == ("antivirus" not in SKIPS[kind])
    record = newest(chain, WHITE[kind][1])
    assert ("clamav" in [one["check"] for one in record["checks"]]) == ("antivirus" not in SKIPS[kind])
    assert f"rule “pass {kind}” of the whitelist" in told(record)


def test_bypass_table_is_proved_wherever_the_test_exists() -> None:
    """Row BW11: a test of the table that gets its check needs its prover here."""
    assert [test for test in TESTS if test not in PROVERS] == NOT_THERE_YET
    assert not set(NOT_THERE_YET) & set(BY_TEST)
    assert set(SKIPS) == set(WHITE) and {test for found in SKIPS.values() for test in found} == set(TESTS)


def test_a_rule_for_one_recipient_lets_nobody_else_skip_a_test(chain: Chain) -> None:
    """Row BW11: a virus for two of whom one is on the whitelist reaches neither."""
    content = (SAMPLES / "eicar.eml").read_bytes()
    assert send(chain, content, "carol@example.com", "u5@example.com", client="127.0.0.4")[0] == 250
    assert newest(chain, {"client": "127.0.0.4", "to": "carol@example.com"})["verdict"] == "quarantine"


def test_the_whitelist_opens_no_relay_and_makes_no_mailbox(chain: Chain) -> None:
    """Row BW11: what is skipped is in the table, nothing else."""
    for kind in ("ip", "ip_mask", "sender", "domain"):
        how = WHITE[kind][1]
        assert send(chain, mail("relay"), "x@elsewhere.example", **how)[0] == 554
        assert send(chain, mail("nobody"), "nobody@example.com", **how)[0] == 550
        assert send(chain, mail("held"), "gone@example.com", **how)[0] == 450


def test_without_the_filter_mail_waits(chain: Chain) -> None:
    """What cannot be asked is neither let in nor refused for good."""
    chain.stop("filter")
    try:
        assert 400 <= send(chain, mail("waits"))[0] < 500
    finally:
        chain.run_all("filter")
    assert send(chain, mail("comes"))[0] == 250


@pytest.fixture(scope="module")
def policies(chain: Chain) -> Iterator[None]:
    """From here to the end of the file: senders of unknown domains are refused: here no domain is known."""
    chain.render({SECURITY: {"sender_domain": True}})
    chain.execute("postfix", "-c", "/data/conf/current/postfix", "reload")
    chain.until(lambda: send(chain, mail("unknown"))[0] == 550)
    yield
    chain.render({SECURITY: {"sender_domain": False}})
    chain.execute("postfix", "-c", "/data/conf/current/postfix", "reload")
    chain.until(lambda: send(chain, mail("known"))[0] == 250)


@pytest.mark.parametrize("kind", SKIPS)
def test_bypass_table_restrictions(chain: Chain, policies: None, kind: str) -> None:
    """Row BW11."""
    assert is_stopped_by_restrictions(chain, {})
    assert is_stopped_by_restrictions(chain, WHITE[kind][1]) == ("restrictions" not in SKIPS[kind])
