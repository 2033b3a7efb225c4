"""Mail that users' own rules send on, and how the admin forbids it for all (row DL12)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from changing import changed
from office import Office

GENERAL = "mail_delivery.general"
FRIEND = "friend@world.example"
DOVEADM = "doveadm -c /data/conf/current/dovecot/dovecot.conf"
HOME = "/mail/mailboxes/ben"
ALONE = f'redirect "{FRIEND}";'
WITH_COPY = f'require ["copy", "fileinto", "mailbox"]; fileinto :create "Rules"; redirect :copy "{FRIEND}"; keep;'


@pytest.fixture
def rules(server: Office) -> Iterator[Office]:
    """The server; afterwards ben has no rules."""
    yield server
    server.inside("sh", "-c", f"{DOVEADM} sieve deactivate -u ben; rm -rf {HOME}/sieve {HOME}/.dovecot.*")


def follow(server: Office, script: str) -> None:
    """Ben's own rules from now on."""
    server.inside("sh", "-c", f"printf '%s\\n' '{script}' | {DOVEADM} sieve put -u ben -a own")


def deliver(server: Office) -> str:
    subject = f"to be sent on {secrets.token_hex(4)}"
    server.deliver(subject)
    return subject


def kept(server: Office, subject: str) -> int:
    """How many times ben's inbox has it."""
    return sum(f"Subject: {subject}".encode() in one for one in server.folder_of("ben"))


def outside(server: Office, subject: str) -> list[str]:
    """Who outside has got it."""
    return [to for one in server.machine.world_mail() if f"Subject: {subject}" in one["content"] for to in one["to"]]


def nothing_more_goes_out(server: Office) -> None:
    """What was on its way out before now has arrived."""
    with server.submission("anna") as client:
        marker = f"marker {secrets.token_hex(4)}"
        client.send_message(server.mail(marker, to=FRIEND, sender="anna@example.com"))
    server.sent_out(marker)


@pytest.mark.parametrize(("script", "stays"), [(ALONE, 0), (WITH_COPY, 1)], ids=["sent on", "with a copy"])
def test_rules_send_mail_on_unless_that_is_forbidden(rules: Office, script: str, stays: int) -> None:
    """DL12, off, on and off again."""
    follow(rules, script)
    subject = deliver(rules)
    assert rules.sent_out(subject)["to"] == [FRIEND]
    assert kept(rules, subject) == stays
    with changed(rules, GENERAL, disable_auto_forwarding="yes"):
        # With rules that were understood when forwarding was allowed.
        first = deliver(rules)
        rules.arrived("ben", first)
        # And with rules that are new; they may be refused, which is no reason to lose mail either.
        rules.inside("sh", "-c", f"touch {HOME}/sieve/own.sieve; rm -f {HOME}/sieve/*.svbin")
        second = deliver(rules)
        rules.arrived("ben", second)
        nothing_more_goes_out(rules)
        assert [kept(rules, one) for one in (first, second)] == [1, 1]
        assert outside(rules, first) == outside(rules, second) == []
    again = deliver(rules)
    assert rules.sent_out(again)["to"] == [FRIEND] and kept(rules, again) == stays


def test_a_forward_file_does_nothing(rules: Office) -> None:
    rules.inside("sh", "-c", f"echo {FRIEND} >{HOME}/.forward")
    try:
        subject = deliver(rules)
        rules.arrived("ben", subject)
        nothing_more_goes_out(rules)
        assert outside(rules, subject) == []
    finally:
        rules.inside("rm", f"{HOME}/.forward")
