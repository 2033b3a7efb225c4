"""Spam, viruses and forged headers on the whole server (rows SA01, SA05, SA06, AV01, AV02, AV08)."""

from __future__ import annotations

import binascii
import contextlib
import os
import re
import signal
import time
from email import message_from_bytes
from typing import Any

import pytest

from changing import changed
from desktop import Desktop
from office import HOSTNAME, Office, until
from processes import processes

SCANNERS = re.compile(r"^(\S+/perl .*/usr/sbin/spamd |spamd child|/usr/sbin/clamd )")

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*\n"


def record(server: Office, subject_sender: str) -> dict[str, Any]:
    """The newest journal record of this sender, with its explanation."""
    found = until(lambda: server.ctl("messages", subject_sender)["messages"], 30)
    return dict(server.ctl("explain", found[0]["id"]))


def conditions(server: Office) -> set[str]:
    """What lasts and is told, but for what the deliverability check has found in this network without an Internet."""
    return {one["id"] for one in server.ctl("status")["conditions"]} - {"deliverability"}


@pytest.mark.parametrize("engine", ["spamassassin", "rspamd"])
def test_spam_is_filed_into_junk(server: Office, engine: str) -> None:
    sender = f"spammer-{engine}@world.example"
    with changed(server, "security.spam", engine=engine):
        server.deliver(f"buy now {engine}", text=GTUBE, sender=sender)
        got = server.arrived("ben", f"buy now {engine}", "Junk")
        assert b"X-Spam-Flag: YES" in got
        told = record(server, sender)
    assert told["verdict"] == "spam"
    check = next(one for one in told["checks"] if one["check"] == engine)
    assert check["score"] > 5 and check["setting"] == "security.spam.threshold" and check["ms"] > 0
    assert any("filed into Junk" in line for line in told["explain"])


def test_the_subject_of_spam_gets_the_admins_words(server: Office) -> None:
    with changed(server, "security.spam", tag_subject=True, subject_prefix="[SPAM?]"):
        server.deliver("cheap watches", text=GTUBE)
        assert server.arrived("ben", "[SPAM?] cheap watches", "Junk")


def test_the_threshold_decides(server: Office) -> None:
    text = "Dear friend, you have WON a million dollars!!!\n"
    server.deliver("below the threshold", text=text, sender="lucky@world.example")
    assert server.arrived("ben", "below the threshold")
    (check,) = [one for one in record(server, "lucky@world.example")["checks"] if one["check"] == "spamassassin"]
    assert 1.5 < check["score"] < 5
    with changed(server, "security.spam", threshold=check["score"] - 0.5):
        server.deliver("above the threshold", text=text, sender="lucky@world.example")
        assert server.arrived("ben", "above the threshold", "Junk")


def test_without_the_engine_nothing_is_judged(server: Office) -> None:
    with changed(server, "security.spam", enabled=False):
        assert server.daemon("spamd")["state"] == "disabled"
        server.deliver("unjudged", text=GTUBE)
        assert b"X-Spam-Status" not in server.arrived("ben", "unjudged")


def test_a_virus_goes_to_quarantine(server: Office) -> None:
    server.deliver("infected", text=EICAR, sender="infected@world.example")
    told = record(server, "infected@world.example")
    assert told["verdict"] == "quarantine" and any("Eicar" in line for line in told["explain"])
    kept = server.machine.run("sh", "-c", "find /var/packages/Mailroom/var/data/quarantine/ -name '*.eml'").stdout
    assert told["id"] in kept
    assert not [one for one in server.folder_of("ben") if b"Subject: infected" in one]


@pytest.mark.parametrize("encoding", ["x-uuencode", "uuencode"])
def test_a_virus_within_uuencode_is_found(server: Office, encoding: str) -> None:
    data = EICAR.strip().encode()
    lines = b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)).decode()
    sender = f"{encoding}@world.example"
    head = f"From: {sender}\nTo: ben@example.com\nSubject: encoded {encoding}\nMIME-Version: 1.0\n"
    part = f"Content-Type: application/octet-stream; name=e.com\nContent-Transfer-Encoding: {encoding}\n"
    body = f"--b\n\nsee below\n--b\n{part}\nbegin 644 e.com\n{lines}`\nend\n--b--\n"
    with server.smtp() as client:
        client.sendmail(sender, ["ben@example.com"], f"{head}Content-Type: multipart/mixed; boundary=b\n\n{body}")
    told = record(server, sender)
    assert told["verdict"] == "quarantine" and any("Eicar" in line for line in told["explain"])


def test_a_virus_is_deleted_when_that_is_set(server: Office) -> None:
    with changed(server, "security.antivirus", action="delete"):
        server.deliver("infected too", text=EICAR, sender="deleted@world.example")
        told = record(server, "deleted@world.example")
    assert told["verdict"] == "delete"
    kept = server.machine.run("sh", "-c", "find /var/packages/Mailroom/var/data/quarantine/ -name '*.eml'").stdout
    assert told["id"] not in kept


def test_without_the_antivirus_engine_nothing_is_looked_for(server: Office) -> None:
    with changed(server, "security.antivirus", enabled=False):
        assert server.daemon("clamd")["state"] == "disabled"
        server.deliver("nobody looks", text=EICAR, sender="unseen@world.example")
        assert server.arrived("ben", "nobody looks")
    assert "clamav" not in [one["check"] for one in record(server, "unseen@world.example")["checks"]]


def test_a_virus_from_inside_is_found_too(server: Office) -> None:
    with server.submission("chloe") as client:
        client.send_message(server.mail("from inside", EICAR, to="friend@world.example", sender="chloe@example.com"))
    assert record(server, "chloe@example.com")["verdict"] == "quarantine"


def test_without_definitions_the_window_says_so(server: Office) -> None:
    status = server.ctl("status")
    assert status["antivirus"]["state"] == "absent"
    told = {one["title"]: one["severity"] for one in Desktop(server).get("api/overview")["problems"]}
    assert [severity for title, severity in told.items() if "definitions" in title] == ["attention"]


@pytest.mark.parametrize(("daemon", "page"), [("clamd", "security.antivirus"), ("spamd", "security.spam")])
def test_a_scanner_that_is_down_makes_mail_wait_or_pass_marked(server: Office, daemon: str, page: str) -> None:
    stop = ("s6-svc", "-wD", "-d", f"/run/service/{daemon}")
    start = ("s6-svc", "-u", f"/run/service/{daemon}")
    server.inside(*stop)
    try:
        with server.smtp() as client:
            client.ehlo()
            client.mail("friend@world.example")
            client.rcpt("ben@example.com")
            code, _ = client.data(server.mail(f"while {daemon} is down").as_bytes())
        assert 400 <= code < 500
        assert conditions(server) == {daemon}
        server.apply(page, when_down="pass")
        server.inside(*stop)
        server.deliver(f"unchecked by {daemon}")
        assert b"X-Mailroom-Unscanned:" in server.arrived("ben", f"unchecked by {daemon}")
    finally:
        server.inside(*start)
        server.apply(page, when_down="wait")
        until(lambda: not server.late(), 90)
    server.deliver(f"checked again by {daemon}")
    assert b"X-Mailroom-Unscanned" not in server.arrived("ben", f"checked again by {daemon}")
    until(lambda: not conditions(server), what="the window says no more that it is down")


def test_while_scanners_hang_mail_waits_and_the_window_says_so(server: Office) -> None:
    hung = [pid for pid, line in processes(server).items() if SCANNERS.search(line)]
    assert len(hung) >= 3
    for pid in hung:
        os.kill(pid, signal.SIGSTOP)
    try:
        with server.smtp() as client:
            client.ehlo()
            client.mail("friend@world.example")
            client.rcpt("ben@example.com")
            started = time.monotonic()
            code, said = client.data(server.mail("while they hang").as_bytes())
            took_s = time.monotonic() - started
        assert 400 <= code < 500 and b"spam" not in said.lower() and took_s < 30
        status = server.ctl("status")
        assert conditions(server) == {"clamd", "spamd"} and status["health"]["state"] == "problem"
    finally:
        for pid in hung:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    until(lambda: not conditions(server), what="they answer again")
    server.deliver("when they work again")
    assert server.arrived("ben", "when they work again")


def test_nobody_outside_speaks_in_our_name(server: Office) -> None:
    """Headers that only we may write are taken off, on the whole way; two mails with one forged id both arrive."""
    for turn in ("first", "second"):
        mail = server.mail(f"forged {turn}")
        mail["X-Spam-Flag"], mail["X-Spam-Status"] = "YES", "No, score=-99"
        mail["X-Mailroom-ID"], mail["X-Mailroom-Unscanned"] = "01FORGED", "clamav"
        mail["Authentication-Results"] = f"{HOSTNAME}; dkim=pass header.d=bank.example"
        mail["authentication-RESULTS"] = "mx.elsewhere.example; spf=pass"
        with server.smtp() as client:
            client.send_message(mail)
        got = message_from_bytes(server.arrived("ben", f"forged {turn}"))
        assert got.get_all("X-Spam-Flag") is None and got.get_all("X-Mailroom-Unscanned") is None
        assert [status.partition(",")[0] for status in got.get_all("X-Spam-Status", [])] == ["No"]
        assert "-99" not in str(got["X-Spam-Status"])
        (name,) = got.get_all("X-Mailroom-ID", [])
        assert server.ctl("explain", name)["sender"] == "friend@world.example"
        assert got.get_all("Authentication-Results") == ["mx.elsewhere.example; spf=pass"]
