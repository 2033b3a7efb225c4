"""Ports for users: who has to sign in, what is completed, which addresses are taken (RFC 6409, RFC 6531)."""

from __future__ import annotations

import email
import email.utils
import os
import re
import smtplib
import ssl

import pytest

from daemons.message.conftest import Office
from mailroom.daemons.places import PORTAL_SMTP_PORT
from own_room import LAN_CLIENT

SCAN = b"Subject: %b\r\nTo: somebody, or other\r\n\r\nx\r\n"
NEEDS = ("Message-ID", "Date", "From")
RAW = (b"MAIL FROM:<\xc3\xbcser@world.example>", b"RCPT TO:<\xc3\xbcser@world.example>")


def say(client: smtplib.SMTP, line: bytes) -> tuple[int, bytes]:
    """One command as bytes; the reply."""
    client.send(line + b"\r\n")
    return client.getreply()


def announced(client: smtplib.SMTP) -> set[str]:
    return {line.split()[0].upper() for line in client.ehlo()[1].decode().splitlines()[1:]}


def test_users_have_to_sign_in_before_they_send(office: Office) -> None:
    """Rows DL09, PR02, PR03."""
    for port, place in ((587, {}), (PORTAL_SMTP_PORT, {"server": "127.0.0.1", "client": "127.0.0.1"})):
        with office.smtp(port, **place) as client:
            client.ehlo()
            if port == 587:
                assert client.mail("alice@example.com")[0] == 530
                client._host = "mail.example.com"  # type: ignore[attr-defined]
                client.starttls(context=ssl._create_unverified_context())
                client.ehlo()
            assert client.mail("nobody.signed.in@example.com") == (530, b"5.7.0 Authentication required")
            assert client.docmd("RCPT", "TO:<bob@world.example>")[0] == 503
    record = office.record("nobody.signed.in@example.com")
    assert record["reply"] == "530 5.7.0 Authentication required" and record["checks"][0]["check"] == "authentication"


def test_who_needs_no_sign_in_may_use_a_port_for_users(office: Office) -> None:
    with office.smtp(587, client=LAN_CLIENT) as client:
        client._host = "mail.example.com"  # type: ignore[attr-defined]
        client.starttls(context=ssl._create_unverified_context())
        client.ehlo()
        assert client.mail("printer@example.com")[0] == 250


def test_what_cannot_be_used_is_not_announced(office: Office) -> None:
    with office.smtp() as stranger, office.signed_in() as user:
        for client in (stranger, user):
            assert not announced(client) & {"ETRN", "CHUNKING", "VRFY"}
            assert client.docmd("ETRN", "example.com")[0] >= 500
        assert "SMTPUTF8" not in announced(stranger) and "SMTPUTF8" in announced(user)


@pytest.mark.parametrize("way", ["submission", "portal", "a trusted network", "the machine itself"])
def test_a_submission_is_completed(office: Office, way: str) -> None:
    """Row DL10; RFC 6409 8.2 and 8.3."""
    mark = os.urandom(6).hex()
    if way in ("submission", "portal"):
        with office.signed_in(port=587 if way == "submission" else PORTAL_SMTP_PORT) as client:
            client.sendmail("alice@example.com", ["bob@world.example"], SCAN % mark.encode())
        read = email.message_from_bytes(office.outside.holding(mark.encode()))
    else:
        place = {"client": LAN_CLIENT} if way == "a trusted network" else {"server": "127.0.0.1", "client": "127.0.0.1"}
        office.send(SCAN % mark.encode(), sender="alice@example.com", **place)
        read = email.message_from_bytes(office.sink.holding(mark.encode()).content)
    assert [len(read.get_all(name, [])) for name in NEEDS] == [1, 1, 1]
    assert re.fullmatch(r"<[^@ ]+@mail\.example\.com>", read["Message-ID"]) and read["From"] == "alice@example.com"
    assert email.utils.parsedate_to_datetime(read["Date"]).timestamp() > 1e9
    # No address in a header is touched.
    assert read["To"] == "somebody, or other"
    assert read["Message-ID"] in [one["message_id"] for one in office.journal("alice@example.com")]


def test_what_is_there_stays(office: Office) -> None:
    mark = os.urandom(6).hex()
    head = f"from: alice@example.com (in the office)\r\nDATE: yesterday\r\nmessage-id: odd {mark}\r\n"
    head += "To: Anna\r\n\t<anna@localhost>,ben\r\n"
    with office.signed_in() as client:
        client.sendmail("alice@example.com", ["bob@world.example"], f"{head}\r\nx\r\n".encode())
    assert head.encode() in office.outside.holding(mark.encode())


def test_mail_of_other_servers_is_not_completed(office: Office) -> None:
    mark = os.urandom(6).hex()
    assert office.send(SCAN % mark.encode(), sender="bob@world.example")[0] == 250
    read = email.message_from_bytes(office.sink.holding(mark.encode()).content)
    assert not {name.lower() for name in list(read)} & {"message-id", "date", "from"}


def test_addresses_outside_ascii_are_not_taken_from_strangers(office: Office) -> None:
    with office.smtp() as client:
        client.ehlo()
        assert say(client, RAW[0]) == (553, b"5.6.7 Must declare SMTPUTF8 to send unicode address")
        assert say(client, RAW[0] + b" SMTPUTF8")[0] == 555
        assert say(client, b"MAIL FROM:<bob@world.example> SMTPUTF8")[0] == 555
        assert say(client, b"MAIL FROM:<bob@world.example>")[0] == 250
        assert say(client, b"RCPT TO:<\xc3\xbcser@example.com>")[0] == 553
        assert say(client, b"RCPT TO:<\xfcser@example.com>")[0] // 100 == 5
        assert say(client, "RCPT TO:<alice@bücher.example>".encode())[0] // 100 == 5
        assert say(client, b"RCPT TO:<alice@example.com>")[0] == 250


def test_undeclared_ones_are_not_taken_from_users(office: Office) -> None:
    with office.signed_in() as client:
        assert say(client, RAW[0])[0] == 553
        assert say(client, b"MAIL FROM:<alice@example.com>")[0] == 250 and say(client, RAW[1])[0] == 553


def utf8_message(office: Office, mark: str, *to: str) -> tuple[int, bytes]:
    """The last reply to a message that needs SMTPUTF8."""
    with office.signed_in() as client:
        assert say(client, b"MAIL FROM:<alice@example.com> BODY=8BITMIME SMTPUTF8")[0] == 250
        for one in to:
            assert say(client, f"RCPT TO:<{one}>".encode())[0] == 250
        assert say(client, b"DATA")[0] == 354
        return say(client, f"To: {to[0]}\r\nSubject: bö {mark}\r\n\r\nx\r\n.".encode())


def test_addresses_outside_ascii_go_to_servers_that_take_them(office: Office) -> None:
    office.outside.words = ("8BITMIME", "SMTPUTF8")
    mark = os.urandom(6).hex()
    assert utf8_message(office, mark, "üser@world.example")[0] == 250
    assert f"To: üser@world.example\r\nSubject: bö {mark}".encode() in office.outside.holding(mark.encode())
    assert "RCPT TO:<üser@world.example>\r\n".encode() in office.outside.commands
    assert any(b"SMTPUTF8" in one for one in office.outside.commands if one.startswith(b"MAIL"))


def test_where_the_next_server_does_not_take_them_the_sender_learns_it(office: Office) -> None:
    office.outside.words, office.outside.commands = ("8BITMIME",), []
    mark = os.urandom(6).hex()
    assert utf8_message(office, mark, "nöbody@world.example")[0] == 250
    notice = office.sink.holding(mark.encode())
    assert notice.recipients == ["alice@example.com"] and notice.sender == ""
    assert b"SMTPUTF8 is required, but was not offered" in notice.content
    assert not [one for one in office.outside.commands if one.startswith(b"MAIL")]


def test_with_a_mailbox_here_they_are_refused_at_once(office: Office) -> None:
    taken = len(office.sink.taken)
    code, words = utf8_message(office, "both", "üser@world.example", "carol@example.com")
    assert code == 550 and words.startswith(b"5.6.7 Mailboxes of this server")
    assert office.record("carol@example.com")["checks"][-1]["check"] == "smtputf8"
    assert len(office.sink.taken) == taken


def test_a_raw_letter_in_a_header_alone_needs_nothing(office: Office) -> None:
    office.outside.words = ("8BITMIME",)
    mark = os.urandom(6).hex()
    content = f"From: alice@example.com\r\nSubject: bö {mark}\r\n\r\nx\r\n".encode()
    with office.signed_in() as client:
        client.sendmail("alice@example.com", ["bob@world.example", "carol@example.com"], content, ["BODY=8BITMIME"])
    assert "bö".encode() in office.outside.holding(mark.encode())
    assert "bö".encode() in office.sink.holding(mark.encode()).content
