"""The test mail at the end of the set-up: what becomes of it is told (row SW08)."""

from __future__ import annotations

import email
import email.policy
import smtplib
import time
from typing import Any

import pytest

from mailroom.core.problems import Invalid, NotFound
from mailroom.core.settings import defaults
from mailroom.daemons.shape import DaemonFailed
from mailroom.flows import setup_test_mail
from mailroom.flows.setup_test_mail import Ports
from mailroom.flows.setup_test_mail import TestMails as Mails

REFUSED = smtplib.SMTPRecipientsRefused({"anna@example.com": (450, b"4.2.1 try again later")})


class World:
    """A mail server that takes a message and has it in the mailbox when it is asked for the second time."""

    def __init__(self) -> None:
        self.values = defaults()
        self.values["mail_delivery.general"].update(domain="example.com", hostname="mail.example.com")
        self.active, self.never, self.waits = True, False, ""
        self.sent: list[Any] = []
        self.asked = 0
        self.fails: Exception | None = None
        self.time_s = 0.0
        self.mails = Mails(
            Ports(lambda: self.values, self._person, self._find, lambda address: self.waits, self._submit, self._pause),
            self,
        )

    def now(self) -> float:
        return self.time_s

    elapsed = now

    def ended(self, **asked: str) -> dict[str, Any]:
        id = self.mails.send(**asked)["id"]
        while (told := self.mails.state(id))["state"] == "waiting":
            time.sleep(0.001)
        return told

    def _pause(self, seconds: float) -> None:
        self.time_s += seconds

    def _person(self, name: str) -> dict[str, Any]:
        return {"active": self.active and name == "anna", "address": "anna@example.com"}

    def _find(self, user: str, message_id: str) -> bool:
        self.asked += 1
        if self.asked == 1:
            raise DaemonFailed("Dovecot is on its way up", daemon="dovecot")
        return not self.never and f"Message-ID: {message_id}\r\n".encode() in self.sent[0][3]

    def _submit(self, *facts: Any) -> None:
        self.sent.append(facts)
        if self.fails:
            raise self.fails


@pytest.mark.parametrize("to", ["", "anna", "anna@example.com", "anna@EXAMPLE.com"])
def test_it_arrives(to: str) -> None:
    world = World()
    told = world.ended(to=to, who="anna")
    assert (told["state"], told["seconds"]) == ("arrived", 0.5) and "0.5 s" in told["text"]
    ((port, sender, recipient, message),) = world.sent
    assert (port, sender, recipient) == (25, "postmaster@example.com", "anna@example.com")
    read = email.message_from_bytes(message, policy=email.policy.default)
    assert read["Message-ID"] == told["message_id"] and "mail.example.com" in read.get_content()


@pytest.mark.parametrize(
    ("to", "who", "code"),
    [("ben", "anna", "inactive"), ("", "admin", "inactive"), ("anna@elsewhere.example", "anna", "invalid")],
)
def test_to_nobody_it_is_not_sent(to: str, who: str, code: str) -> None:
    world = World()
    with pytest.raises(Invalid) as refused:
        world.mails.send(to, who)
    assert refused.value.code == code and refused.value.field == "to" and refused.value.next and world.sent == []


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (REFUSED, "450 4.2.1 try again later"),
        (smtplib.SMTPDataError(451, b"4.7.1 the scanner does not answer"), "451 4.7.1 the scanner"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(reason: Exception, words: str) -> None:
    world = World()
    world.fails = reason
    told = world.ended(who="anna")
    assert told["state"] == "failed" and words in told["text"] and told["next"]


def test_with_smtp_switched_off_it_says_so() -> None:
    world = World()
    world.values["service.protocol"]["smtp_enabled"] = False
    assert "switched off" in world.ended(who="anna")["text"] and world.sent == []


def test_what_it_waits_for_is_told() -> None:
    world = World()
    world.never, world.waits = True, "connect to /run/dovecot/lmtp: Connection refused"
    told = world.ended(who="anna")
    assert told["state"] == "failed" and "Connection refused" in told["text"]
    assert told["seconds"] > setup_test_mail.LIMIT_S


def test_an_unknown_one_is_not_found() -> None:
    with pytest.raises(NotFound):
        World().mails.state("7")
