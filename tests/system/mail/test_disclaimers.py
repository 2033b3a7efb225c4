"""Disclaimers on the whole machine: set as settings, seen by who gets the mail, put back (rows DI01-DI08)."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest

from changing import changed
from office import DOMAIN, Office

PAGE = "mail_delivery.disclaimer"
FRIEND = "friend@world.example"
WORDS = "Example Ltd. 示例有限公司, registered in Springfield"


def disclaimer(name: str, **values: Any) -> dict[str, Any]:
    return {"name": name, "text": WORDS, "html": f"<p>{WORDS}</p>", **values}


def written(server: Office, subject: str, *to: str, user: str = "ben") -> None:
    """Mail of one of our users, to several people, with a plain and an HTML version."""
    message = server.mail(subject, to=", ".join(to), sender=f"{user}@{DOMAIN}")
    message.add_alternative("<html><body><p>Hello.</p></body></html>\n", subtype="html")
    with server.submission(user) as client:
        client.send_message(message)


def texts(content: bytes) -> list[str]:
    """The text parts, decoded."""
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    return [part.get_content() for part in parsed.walk() if part.get_content_maintype() == "text"]


def counted(content: bytes) -> list[int]:
    """How often the footer stands in each text."""
    return [text.count(WORDS) for text in texts(content)]


def outside(server: Office, subject: str) -> bytes:
    content: str = server.sent_out(subject)["content"]
    return content.encode()


def test_di01_di05_di06_outbound_mail_ends_with_it_and_inbound_mail_does_not(server: Office) -> None:
    """DI01, DI05: to the world with it once in each text; from the world without it. Off again: without it."""
    with changed(server, PAGE, disclaimers=[disclaimer("Legal")]):
        written(server, "di01 out", FRIEND)
        server.deliver("di01 in")
        assert counted(outside(server, "di01 out")) == [1, 1]
        assert counted(server.arrived("ben", "di01 in")) == [0]
    written(server, "di01 off", FRIEND)
    assert counted(outside(server, "di01 off")) == [0, 0]


def test_di02_not_among_ourselves_but_with_one_recipient_elsewhere(server: Office) -> None:
    """DI02, both ways."""
    with changed(server, PAGE, disclaimers=[disclaimer("Legal", skip_inside=True)]):
        written(server, "di02 inside", f"ben@{DOMAIN}")
        written(server, "di02 both", f"ben@{DOMAIN}", FRIEND)
        assert counted(server.arrived("ben", "di02 inside")) == [0, 0]
        assert counted(server.arrived("ben", "di02 both")) == [1, 1]
    with changed(server, PAGE, disclaimers=[disclaimer("Legal")]):
        written(server, "di02 for all", f"ben@{DOMAIN}")
        assert counted(server.arrived("ben", "di02 for all")) == [1, 1]


@pytest.mark.parametrize(
    ("row", "values", "times"),
    [
        ("di03 all", {"match": "all", "senders": ["ben"], "recipients": ["*@world.example"]}, 1),
        ("di03 all but one", {"match": "all", "senders": ["ben"], "recipients": ["*@else.example"]}, 0),
        ("di03 any", {"match": "any", "senders": ["anna"], "recipients": ["fr*@*.example"]}, 1),
        ("di03 none of any", {"match": "any", "senders": ["anna"], "recipients": ["*@else.example"]}, 0),
        ("di04 sender", {"senders": ["ben"], "except_senders": [f"*@{DOMAIN}"]}, 0),
        ("di04 recipient", {"senders": ["ben"], "except_recipients": ["friend@*"]}, 0),
        ("di04 another", {"senders": ["ben"], "except_recipients": ["foe@*"]}, 1),
        ("di08 off", {"enabled": False}, 0),
    ],
)
def test_di03_di04_di08_whose_mail_gets_it(server: Office, row: str, values: dict[str, Any], times: int) -> None:
    """DI03, DI04, DI08."""
    with changed(server, PAGE, disclaimers=[disclaimer("Legal", **values)]):
        written(server, row, FRIEND)
        assert counted(outside(server, row)) == [times, times]


def test_di07_di08_the_first_counts_and_the_order_can_be_changed(server: Office) -> None:
    """DI01, DI07, DI08: one is edited, moved and dropped by its id; the other stays as it is."""
    first = {**disclaimer("First", text="first of all texts there are"), "id": "first", "html": ""}
    second = {**disclaimer("Second", text="second of all texts there are"), "id": "second", "html": ""}
    with changed(server, PAGE, disclaimers=[first, second]):
        written(server, "di07 first", FRIEND)
        assert "first of all" in texts(outside(server, "di07 first"))[0]
        server.apply(PAGE, disclaimers={"order": ["second"]})
        written(server, "di07 second", FRIEND)
        (plain, _) = texts(outside(server, "di07 second"))
        assert "second of all" in plain and "first of all" not in plain
        server.apply(PAGE, disclaimers={"put": [{**second, "text": "another text that is quite long"}]})
        written(server, "di08 edited", FRIEND)
        assert "another text" in texts(outside(server, "di08 edited"))[0]
        server.apply(PAGE, disclaimers={"drop": ["second"]})
        written(server, "di08 dropped", FRIEND)
        assert "first of all" in texts(outside(server, "di08 dropped"))[0]


def test_the_journal_tells_which_disclaimer(server: Office) -> None:
    """DI01."""
    with changed(server, PAGE, disclaimers=[disclaimer("Legal of the journal")]):
        written(server, "di journal", "journal@world.example")
        outside(server, "di journal")
        record = server.ctl("messages", "journal@world.example")["messages"][0]
        told = server.ctl("explain", record["id"])["explain"]
        assert "The disclaimer “Legal of the journal” was appended." in told


def test_every_domain_of_ours_is_inside(server: Office) -> None:
    """DI02, DL02: mail that comes in to an additional domain gets none, nor does mail among ourselves there."""
    more = "branch.example"
    with (
        changed(server, "mail_delivery.general", additional_domains=[{"domain": more}]),
        changed(server, PAGE, disclaimers=[disclaimer("Legal", skip_inside=True)]),
    ):
        server.deliver("in to the branch", to=f"chloe@{more}")
        written(server, "among ourselves at the branch", f"chloe@{more}")
        written(server, "out past the branch", f"chloe@{more}", FRIEND)
        assert counted(server.arrived("chloe", "in to the branch")) == [0]
        assert counted(server.arrived("chloe", "among ourselves at the branch")) == [0, 0]
        assert counted(server.arrived("chloe", "out past the branch")) == [1, 1]
