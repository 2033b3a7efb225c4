"""What is said of a message first, from its record and from what the logs tell."""

from __future__ import annotations

from typing import Any

import pytest

from mailroom.core.deliveries import LEFT_QUARANTINE
from mailroom.flows.message_status import answer, deliveries, status

NOW, ARRIVED = 1_800_000_000.0, 1_799_999_000.0
REFUSED = "host mx.w.example[198.51.100.7] said: 550 5.1.1 who? (in reply to RCPT TO command)"


def record(verdict: str = "deliver", **more: Any) -> dict[str, Any]:
    recipients = [{"address": "ben@x.example", "refusal": ""}]
    return {"verdict": verdict, "time": ARRIVED, "sender": "a@w.example", "recipients": recipients, "reply": "",
            "checks": [], **more}  # fmt: skip


def recipient(state: str, **more: Any) -> dict[str, Any]:
    return {"address": "ben@x.example", "original": "", "state": state, "server": "", "words": "", "since": ARRIVED,
            "time": ARRIVED + 5, "attempts": 1, "folder": "", "queue_id": "4A", **more}  # fmt: skip


def known(*recipients: dict[str, Any], found: str = "", untried: bool = False, ending: str = "") -> dict[str, Any]:
    return {"status": found or recipients[0]["state"], "ending": ending, "untried": untried, "queue_ids": ["4A"],
            "recipients": list(recipients)}  # fmt: skip


def said(about: dict[str, Any], told: dict[str, Any] | None) -> dict[str, Any]:
    return answer(about, deliveries(about, told, lambda _: NOW + 60, NOW))


WORDS = {
    "a mailbox": (recipient("delivered", folder="INBOX"), "Delivered to the mailbox of ben@x.example, folder INBOX."),
    "elsewhere": (recipient("delivered", server="mx"), "Delivered to ben@x.example: the server mx has taken it."),
    "refused for good": (recipient("returned", server="mx", words=REFUSED),
                         "Returned to the sender: The server mx.w.example answers “550 5.1.1 who?”."),
    "no such domain": (recipient("returned", words="Host or domain name not found. Name service error for name=w.x "
                                                   "type=A: Host not found"),
                       "Returned to the sender: There is no mail server for w.x."),
    "by an administrator": (recipient("returned"), "Returned to the sender by an administrator."),
    "removed": (recipient("removed"), "Not delivered: an administrator removed it from the queue."),
    "too late": (recipient("expired", words="connect to mx[198.51.100.7]:25: Connection refused"),
                 "Not delivered in time, and returned to the sender. The last answer was “connect to "
                 "mx[198.51.100.7]:25: Connection refused”."),
}  # fmt: skip


@pytest.mark.parametrize("case", WORDS)
def test_one_recipient(case: str) -> None:
    one, text = WORDS[case]
    told = said(record(), known(one))
    assert told == {"text": text, "since": None, "next_try": None, "time": ARRIVED + 5}


def test_what_waits_says_since_when_and_when_it_is_tried_again() -> None:
    told = said(record(), known(recipient("waiting", server="mx", words=REFUSED.replace("550", "450"))))
    assert told["text"].startswith("Waiting for mx: ") and "“450 5.1.1 who?”" in told["text"]
    assert (told["since"], told["next_try"], told["time"]) == (ARRIVED, NOW + 60, None)


def test_a_notice_is_returned_to_nobody() -> None:
    told = said(record(sender=""), known(recipient("returned", words=REFUSED)))
    assert told["text"].startswith("Not delivered, and there is no sender to return it to: ")


def test_the_worst_of_several_is_said_with_how_many_it_is() -> None:
    other = recipient("delivered", address="anna@x.example", folder="INBOX")
    both = known(recipient("removed"), other)
    assert said(record(), both)["text"].endswith("So it is for 1 of 2 recipients.")
    assert said(record(), known(other, other))["text"] == "Delivered to all 2 recipients."


def test_recipients_that_were_not_tried_are_those_of_the_record() -> None:
    each = deliveries(record(), known(recipient("delivered", address="x@x.example"), untried=True), lambda _: None, NOW)
    assert [(one["address"], one["state"]) for one in each] == [
        ("x@x.example", "delivered"),
        ("ben@x.example", "accepted"),
    ]
    gone = known(recipient("removed", address="x@x.example"), untried=True, ending="removed")
    assert deliveries(record(), gone, lambda _: None, NOW)[1]["state"] == "removed"


def test_what_no_log_tells_of_is_not_known() -> None:
    assert status(record(), None, ARRIVED + 5) == "accepted"
    assert status(record(), None, NOW) == "unknown"
    assert "is not known" in said(record(), None)["text"]


def test_the_quarantine_is_named_while_it_has_the_message() -> None:
    check = {"check": "clamav", "result": "virus", "detail": "Eicar"}
    about = record("quarantine", checks=[check])
    assert status(about, None, NOW) == "quarantine" and "It is in the quarantine." in answer(about, [])["text"]
    assert status(about, None, NOW, held=False) == LEFT_QUARANTINE
    assert "released or deleted since" in answer(about, [], held=False)["text"]


@pytest.mark.parametrize(
    ("verdict", "found", "text"),
    [("reject", "refused", "Refused. The answer was “550 no”."), ("delete", "deleted", "Not delivered: "),
     ("tempfail", "put_off", "Not taken yet: "), ("dropped", "broken_off", "Nothing was taken: 550 no.")],
)  # fmt: skip
def test_what_was_not_taken(verdict: str, found: str, text: str) -> None:
    about = record(verdict, reply="550 no")
    assert status(about, None, NOW) == found and said(about, None)["text"].startswith(text)
