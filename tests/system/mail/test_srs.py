"""Forwarded mail leaves with a return address of ours, and failures find their way back (X06-04)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from typing import Any

import pytest

from changing import changed
from office import DOMAIN, Office, until

GENERAL, ALIAS = "mail_delivery.general", "mail_delivery.alias"
FRIEND, PARTNER = "friend@world.example", "partner@else.example"
DOVEADM = "doveadm -c /data/conf/current/dovecot/dovecot.conf"
OURS = re.compile(rf"SRS0=[A-Z2-7]{{8}}=[A-Z2-7]{{2}}=world\.example=friend@{re.escape(DOMAIN)}")


@pytest.fixture(scope="module")
def mixed(server: Office) -> Iterator[None]:
    """An alias with a member here and one elsewhere, and one whose member cannot be reached."""
    aliases = [
        {"name": "mixed", "members": ["user:ben", PARTNER]},
        {"name": "lost", "members": ["user:ben", "nobody@no-such-host.invalid"]},
    ]
    with changed(server, ALIAS, aliases=aliases):
        yield


def outside(server: Office, subject: str, to: str) -> dict[str, Any]:
    """What somebody outside has got, waited for."""

    def found() -> dict[str, Any] | None:
        wanted = f"Subject: {subject}"
        return next((one for one in server.machine.world_mail() if wanted in one["content"] and to in one["to"]), None)

    return until(found, 150, f"{subject} for {to}")


def forwarded(server: Office, subject: str, **more: str) -> str:
    """The envelope sender with which mail to the mixed alias reaches the member elsewhere."""
    server.deliver(subject, to=f"mixed@{DOMAIN}", **more)
    return str(outside(server, subject, PARTNER)["from"])


def fails(server: Office, subject: str, to: str) -> tuple[int, bytes]:
    """A failure that comes from outside: the reply to its recipient, or to the whole of it."""
    with server.smtp() as client:
        client.ehlo()
        client.mail("")
        code, words = client.rcpt(to)
        if code != 250:
            return code, words
        return client.data(server.mail(subject, sender="mailer-daemon@else.example", to=to).as_bytes())


def test_one_member_here_and_one_elsewhere(server: Office, mixed: None) -> None:
    """Each by the right sender; a failure comes back to the true one; nothing else of the message differs."""
    sent = server.deliver("for both", to=f"mixed@{DOMAIN}")
    gone = outside(server, "for both", PARTNER)
    assert OURS.fullmatch(gone["from"]) and gone["to"] == [PARTNER]
    here, there = message_from_bytes(server.arrived("ben", "for both")), message_from_string(gone["content"])
    assert here["Return-Path"] == f"<{FRIEND}>" and "SRS0" not in str(here)
    for name, value in sent.items():
        assert there[name] == value
    assert str(there.get_payload()).strip() == "Hello." and "SRS0" not in gone["content"]
    assert fails(server, "it failed there", gone["from"])[0] == 250
    back = outside(server, "it failed there", FRIEND)
    assert back["from"] == "<>" and back["to"] == [FRIEND]
    # What that server forwards comes with this sender; one that others have made up is refused (X06-10).
    for sender, code in ((gone["from"], 250), (gone["from"].replace("world", "other"), 550)):
        with server.smtp() as client:
            client.ehlo()
            assert client.mail(sender)[0] == code
    # In other letters it is the same.
    assert fails(server, "it failed in small letters", gone["from"].lower())[0] == 250
    assert outside(server, "it failed in small letters", FRIEND)


def test_what_is_not_ours_is_refused(server: Office, mixed: None) -> None:
    """Changed, made up, expired; a catch-all takes none of it, nobody is blocked for it, and nobody relays by it."""
    good = forwarded(server, "to make one")
    day = good.split("=")[2]
    aged = ("A" if day[0] != "A" else "B") + day[1:]
    wrong = [
        good.replace("friend@", "victim@"),
        good.replace("world.example", "victim.example"),
        good.replace(f"={day}=", f"={aged}="),
        f"SRS0=AAAAAAAA={day}=victim.example=victim@{DOMAIN}",
        f"SRS1=AAAAAAAA=victim.example==x=y=z=w@{DOMAIN}",
        f"srs0+nonsense@{DOMAIN}",
    ]
    for one in wrong:
        code, words = fails(server, "never", one)
        assert code == 550 and b"not valid, or no longer" in words, one
    catch_all = [{"domain": DOMAIN, "recipient": "anna"}]
    with changed(server, ALIAS, catch_all=catch_all), changed(server, GENERAL, address_separator="plus"):
        assert [fails(server, "never", one)[0] for one in wrong] == [550] * len(wrong)
        assert fails(server, "good with a catch-all", good)[0] == 250
        assert outside(server, "good with a catch-all", FRIEND)
    told = [one for one in server.ctl("messages", "victim")["messages"]]
    lines = [line for one in told[:1] for line in server.ctl("explain", one["id"])["explain"]]
    assert any("not valid, or no longer" in line for line in lines)


def test_our_own_senders_stay(server: Office, mixed: None) -> None:
    with server.submission("anna") as client:
        client.send_message(server.mail("from anna", to=f"mixed@{DOMAIN}", sender=f"anna@{DOMAIN}"))
    assert outside(server, "from anna", PARTNER)["from"] == f"anna@{DOMAIN}"
    assert server.arrived("ben", "from anna")


def test_switched_off_the_sender_stays_and_failures_still_find_their_way(server: Office, mixed: None) -> None:
    before = forwarded(server, "while it is on")
    assert OURS.fullmatch(before)
    with changed(server, GENERAL, srs=False):
        assert forwarded(server, "while it is off") == FRIEND
        assert fails(server, "late failure", before)[0] == 250
        assert outside(server, "late failure", FRIEND)
    assert OURS.fullmatch(forwarded(server, "on again"))


def test_it_outlives_a_restart(server: Office, mixed: None) -> None:
    made = forwarded(server, "before the restart")
    for service in ("filter", "postfix"):
        server.inside("s6-svc", "-wR", "-T", "30000", "-r", f"/run/service/{service}")
    until(lambda: not server.late(), 90, "all daemons answer")
    until(lambda: fails(server, "after the restart", made)[0] == 250, 60)
    assert outside(server, "after the restart", FRIEND)
    assert forwarded(server, "made again") == made


def test_what_another_server_has_forwarded(server: Office, mixed: None) -> None:
    """SRS1: failures go to the first forwarder, and not through all that come after it."""
    first = "SRS0=XyZ9=TT=origin.example=Some.Body@first.example"
    sender = forwarded(server, "forwarded before", sender=first)
    assert sender.startswith("SRS1=") and sender.endswith(f"=first.example==XyZ9=TT=origin.example=Some.Body@{DOMAIN}")
    assert fails(server, "back to the first", sender)[0] == 250
    assert outside(server, "back to the first", first)


def test_a_failure_of_our_own_goes_to_the_true_sender(server: Office, mixed: None) -> None:
    server.deliver("cannot go on", to=f"lost@{DOMAIN}")
    assert server.arrived("ben", "cannot go on")
    back = outside(server, "cannot go on", FRIEND)
    assert back["from"] == "<>" and "nobody@no-such-host.invalid" in back["content"]


def test_a_users_own_rule(server: Office) -> None:
    script = f'require ["copy"]; redirect :copy "{PARTNER}";'
    server.inside("sh", "-c", f"printf '%s\\n' '{script}' | {DOVEADM} sieve put -u chloe -a own")
    try:
        server.deliver("by chloe's rule", to=f"chloe@{DOMAIN}")
        assert OURS.fullmatch(outside(server, "by chloe's rule", PARTNER)["from"])
        got = message_from_bytes(server.arrived("chloe", "by chloe's rule"))
        assert got["Return-Path"] == f"<{FRIEND}>"
    finally:
        home = "/mail/mailboxes/chloe"
        server.inside("sh", "-c", f"{DOVEADM} sieve deactivate -u chloe; rm -rf {home}/sieve {home}/.dovecot.*")


def test_the_way_round_is_for_postfix_alone(server: Office) -> None:
    """Another program of the NAS can connect there, and send nothing; from elsewhere nobody can."""
    with server.smtp(5589, "nas", to="127.0.0.1") as client:
        client.ehlo()
        assert client.mail(FRIEND)[0] == 250
        code, _ = client.rcpt(PARTNER)
        assert code == 451
    with pytest.raises(OSError), server.smtp(5589):
        raise AssertionError("it listens outside")


def test_a_copy_that_nobody_knows_of_stays_unknown_on_its_way_round(server: Office) -> None:
    """BC01: it fails elsewhere, and its sender is not told."""
    nowhere = "nobody@no-such-host.invalid"
    rules = [{"criterion": "all", "text": "", "target": nowhere}]

    def waiting() -> str:
        return server.inside("postqueue", "-c", "/data/conf/current/postfix", "-j")

    with changed(server, "mail_delivery.auto_bcc", rules=rules):
        server.deliver("copied to nowhere")
        assert server.arrived("ben", "copied to nowhere")
        log = f"to=<{nowhere}>"
        until(lambda: log in server.inside("tail", "-n", "200", "/data/log/postfix/current"), 60)
        until(lambda: nowhere not in waiting() and FRIEND not in waiting(), 60)
    assert not [one for one in server.machine.world_mail() if "copied to nowhere" in one["content"]]
