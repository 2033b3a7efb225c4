"""Spam and viruses on the whole server (rows SA01, SA05, SA06, AV01, AV02, AV08)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from office import Office, until

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*\n"


@contextlib.contextmanager
def changed(server: Office, page: str, **values: Any) -> Iterator[None]:
    """These settings of a page for a while."""
    before = server.ctl("settings", "list", page)[page]["values"]
    server.apply(page, **values)
    until(lambda: not server.late(), 90, "all daemons answer")
    try:
        yield
    finally:
        server.apply(page, **{key: before[key] for key in values})
        until(lambda: not server.late(), 90, "all daemons answer")


def record(server: Office, subject_sender: str) -> dict[str, Any]:
    """The newest journal record of this sender, with its explanation."""
    found = until(lambda: server.ctl("messages", subject_sender)["messages"], 30)
    return dict(server.ctl("explain", found[0]["id"]))


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


def test_a_high_threshold_lets_it_through(server: Office) -> None:
    with changed(server, "security.spam", threshold=100.0):
        # GTUBE gives 1000 points; a bare message gives a few and must stay out of Junk.
        server.deliver("nearly spam", text="Dear friend, you have WON a million dollars!!!\n")
        assert server.arrived("ben", "nearly spam")


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


def test_a_virus_is_deleted_when_that_is_set(server: Office) -> None:
    with changed(server, "security.antivirus", action="delete"):
        server.deliver("infected too", text=EICAR, sender="deleted@world.example")
        told = record(server, "deleted@world.example")
    assert told["verdict"] == "delete"
    kept = server.machine.run("sh", "-c", "find /var/packages/Mailroom/var/data/quarantine/ -name '*.eml'").stdout
    assert told["id"] not in kept


def test_a_virus_from_inside_is_found_too(server: Office) -> None:
    with server.submission("chloe") as client:
        client.send_message(server.mail("from inside", EICAR, to="friend@world.example", sender="chloe@example.com"))
    assert record(server, "chloe@example.com")["verdict"] == "quarantine"


def test_without_definitions_the_window_says_so(server: Office) -> None:
    status = server.ctl("status")
    assert status["antivirus"]["state"] == "absent"
    assert status["health"]["state"] == "attention" and "definitions" in status["health"]["title"]


@pytest.mark.parametrize(("daemon", "page"), [("clamd", "security.antivirus"), ("spamd", "security.spam")])
def test_a_scanner_that_is_down_makes_mail_wait_or_pass_marked(server: Office, daemon: str, page: str) -> None:
    stop = ("sh", "-c", f"s6-svc -wd -d /run/service/{daemon}")
    start = ("sh", "-c", f"s6-svc -u /run/service/{daemon}")
    inside(server, *stop)
    try:
        with server.smtp() as client:
            client.ehlo()
            client.mail("friend@world.example")
            client.rcpt("ben@example.com")
            code, _ = client.data(server.mail(f"while {daemon} is down").as_bytes())
        assert 400 <= code < 500
        assert server.ctl("status")["conditions"]
        server.apply(page, when_down="pass")
        inside(server, *stop)
        server.deliver(f"unchecked by {daemon}")
        assert b"X-Mailroom-Unscanned:" in server.arrived("ben", f"unchecked by {daemon}")
    finally:
        inside(server, *start)
        server.apply(page, when_down="wait")
        until(lambda: not server.late(), 90)
    server.deliver(f"checked again by {daemon}")
    assert b"X-Mailroom-Unscanned" not in server.arrived("ben", f"checked again by {daemon}")
    assert server.ctl("status")["conditions"] == []


def inside(server: Office, *argv: str) -> str:
    """Run a program inside the instance."""
    first = server.machine.run("cat", "/var/packages/Mailroom/var/data/run/init.pid").stdout.strip()
    return server.machine.run("nsenter", "-t", first, "-m", "-p", "-r", "-w", "--", *argv).stdout
