"""The quarantine on the whole server, through the API and the shell (rows AV08, AV09, AV11, AV12)."""

from __future__ import annotations

import secrets
import urllib.request
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from changing import changed
from desktop import RELAY, Desktop, Refusal
from office import DOMAIN, PACKAGE, Office, until

EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*\n"
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
ANTIVIRUS = "security.antivirus"
NOTICE = "A message to you was kept in the quarantine"


def kept(server: Office, words: str) -> list[dict[str, Any]]:
    return list(server.ctl("quarantine", "list", words)["messages"])


def held(server: Office, subject: str = "", text: str = EICAR, **more: str) -> dict[str, Any]:
    """A message with a virus comes in: its row in the list."""
    subject = subject or f"held {secrets.token_hex(4)}"
    server.deliver(subject, text=text, **more)
    return dict(until(lambda: kept(server, subject), 30, f"{subject} is kept")[0])


def record(server: Office, sender: str) -> dict[str, Any]:
    found = until(lambda: server.ctl("messages", sender)["messages"], 30)
    return dict(server.ctl("explain", found[0]["id"]))


def test_what_is_kept_is_listed_shown_and_saved(server: Office) -> None:
    row, window = held(server), Desktop(server)
    assert row["recipients"] == [f"ben@{DOMAIN}"] and row["sender"] == "friend@world.example"
    assert [(one["title"], "Eicar" in one["detail"]) for one in row["checks"]] == [("ClamAV", True)]
    for words in (row["subject"], "friend@world", "eicar", row["id"]):
        assert row["id"] in [
            one["id"] for one in window.get(f"api/quarantine?search={words.replace(' ', '%20')}")["messages"]
        ]
    shown = window.get(f"api/quarantine/{row['id']}")
    assert "EICAR-STANDARD" in shown["text"] and f"Subject: {row['subject']}" in shown["header"]
    known = {"Cookie": window.cookie, "X-SYNO-TOKEN": window.token}
    asked = urllib.request.Request(f"{server.web}{RELAY}/api/quarantine/{row['id']}/original", headers=known)
    with urllib.request.urlopen(asked) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        content = answer.read()
    assert EICAR.strip().encode() in content and f"Subject: {row['subject']}".encode() in content
    server.ctl("quarantine", "original", row["id"], "/tmp/kept.eml")
    assert row["subject"] in server.machine.run("cat", "/tmp/kept.eml").stdout
    server.machine.run("rm", "/tmp/kept.eml")


def test_a_released_message_arrives_once_as_it_came(server: Office) -> None:
    sender = f"released-{secrets.token_hex(4)}@world.example"
    row = held(server, sender=sender)
    done = Desktop(server).post("api/quarantine/release", id=row["id"])
    assert done == {"released": row["id"], "recipients": [f"ben@{DOMAIN}"], "refused": []}
    got = server.arrived("ben", row["subject"])
    assert EICAR.strip().encode() in got and f"id {row['id']}".encode() in got
    assert kept(server, row["id"]) == [] and kept(server, row["subject"]) == []
    told = record(server, sender)
    checks = {one["check"]: one["result"] for one in told["checks"]}
    assert told["verdict"] == "deliver" and checks["clamav"] == "released" and checks["spamassassin"] == "pass"
    newest = server.ctl("events", "--kind", "quarantine", "--limit", "1")[0]
    assert newest["who"] == "admin" and row["id"] in newest["text"]
    with pytest.raises(Refusal) as refused:
        Desktop(server).post("api/quarantine/release", id=row["id"])
    assert refused.value.status == 404 and "released or removed meanwhile" in refused.value.problem["message"]


def test_a_release_passes_no_other_check(server: Office) -> None:
    row = held(server, text=EICAR + GTUBE)
    server.ctl("quarantine", "release", row["id"])
    assert b"X-Spam-Flag: YES" in server.arrived("ben", row["subject"], "Junk")


def test_what_another_check_refuses_stays(server: Office) -> None:
    sender = f"blocked-{secrets.token_hex(4)}@world.example"
    row = held(server, sender=sender)
    rule = {"name": "Blocked", "type": "sender", "criteria": sender, "action": "discard"}
    with changed(server, "mail_delivery.lists", blacklist=[rule]):
        answer = server.ctl("quarantine", "release", row["id"], check=False)
        assert "stays in the quarantine" in answer["error"]["message"], answer
        assert kept(server, row["id"])
    server.ctl("quarantine", "release", row["id"])
    assert server.arrived("ben", row["subject"])


@pytest.mark.parametrize("id", ["01KBBTS0QJ6J2Q1QTB1Y4DH6VN", "../../../etc/passwd", "x" * 26, "%2e%2e"])
def test_a_number_that_is_none_is_refused(server: Office, id: str) -> None:
    for action, asked in (("release", {"id": id}), ("delete", {"ids": [id]})):
        with pytest.raises(Refusal) as refused:
            Desktop(server).post(f"api/quarantine/{action}", **asked)
        assert refused.value.status in (404, 422)


def test_a_stranger_makes_no_release(server: Office) -> None:
    """Neither a header, nor an envelope's number, nor the name of our service does."""
    row = held(server)
    number = secrets.token_hex(16)
    mail = server.mail(f"forged {number}", text=EICAR)
    for name in ("X-Mailroom-Release", "X-Mailroom-Released", "X-Mailroom-ID"):
        mail[name] = row["id"]
    with server.smtp() as client:
        client.ehlo("release")
        client.mail("friend@world.example", [f"ENVID={number}"])
        client.rset()
        client.send_message(mail)
    until(lambda: kept(server, f"forged {number}"), 30, "it is kept, too")
    door = f"{PACKAGE}/var/data/queue/private"
    assert server.machine.run("stat", "-c", "%a", door).stdout.strip() == "700"


def test_without_a_ticket_the_door_of_releases_takes_nothing(server: Office) -> None:
    said = server.inside(
        "/usr/bin/python3.11",
        "-c",
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/data/queue/private/release'); "
        "f = s.makefile('rwb', 0); f.readline(); "
        "[(f.write(c + b'\\r\\n'), print(f.readline().decode())) for c in "
        "(b'HELO a', b'MAIL FROM:<a@b.example> ENVID=' + b'a' * 32)]",
    )
    assert "550" in said or "no release" in said, said


def notices(server: Office, id: str) -> list[Message]:
    """What chloe was told about this message."""
    found = [message_from_bytes(one) for one in server.folder_of("chloe") if NOTICE.encode() in one]
    return [one for one in found if id.encode() in one.get_payload(decode=True)]


def test_a_recipient_is_told_once(server: Office) -> None:
    row = held(server, to=f"chloe@{DOMAIN}", text=EICAR + "<b>secret words</b>\n")
    (notice,) = until(lambda: notices(server, row["id"]), 60, "the notice")
    text = notice.get_payload(decode=True).decode()
    assert "Eicar" in text and "friend@world.example" in text
    assert "EICAR-STANDARD" not in text and "secret words" not in text and row["subject"] not in text
    assert notice["Auto-Submitted"] == "auto-generated" and notice["Return-Path"] == "<>"
    server.ctl("quarantine", "delete", row["id"])
    assert kept(server, row["id"]) == []
    assert len(notices(server, row["id"])) == 1
