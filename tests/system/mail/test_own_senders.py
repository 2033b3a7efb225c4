"""Mail from outside that says it is of one of our own domains (X06-10)."""

from __future__ import annotations

import contextlib
import smtplib
from email.message import EmailMessage

from changing import changed
from office import DOMAIN, Office, until

PAGE = "mail_delivery.security"
OWN, STRANGER = f"anna@{DOMAIN}", "bounce@out.example"


def sender_answer(server: Office, sender: str, last: int = 9) -> tuple[int, bytes]:
    """What MAIL FROM is answered."""
    with server.smtp(source=server.address(last)) as client:
        client.ehlo("mx.world.example")
        answer = client.mail(sender)
        with contextlib.suppress(smtplib.SMTPServerDisconnected):
            client.rset()
        return answer


def shown_as_ours(server: Office, subject: str, *, listed: bool = False) -> EmailMessage:
    """A message that shows anna, and comes from somebody else."""
    made = server.mail(subject, sender=OWN)
    if listed:
        made["List-Id"] = "Talk <talk.out.example>"
    with server.smtp() as client:
        client.send_message(made, STRANGER)
    return made


def test_own_senders_are_refused_and_both_administrators_know_why(server: Office) -> None:
    code, words = sender_answer(server, OWN)
    assert code == 550 and b"5.7.1" in words and server.address(9).encode() in words and b"postmaster" in words
    assert sender_answer(server, f"anna@localhost.{DOMAIN}")[0] == 550
    assert sender_answer(server, "anna")[0] == 550, "Postfix adds our own domain to it"
    found = until(lambda: server.ctl("messages", OWN)["messages"], 20)
    lines = [line for one in found for line in server.ctl("explain", one["id"])["explain"]]
    assert any("Reject senders of own domains from outside" in line for line in lines)


def test_exceptions_and_off(server: Office) -> None:
    with changed(server, PAGE, own_exceptions=[server.address(9), "form@*"]):
        assert sender_answer(server, OWN)[0] == 250
        assert (
            sender_answer(server, OWN, last=10)[0] == 550 and sender_answer(server, f"form@{DOMAIN}", last=10)[0] == 250
        )
    with changed(server, PAGE, own_senders=False):
        assert sender_answer(server, OWN)[0] == 250
        shown_as_ours(server, "shown while it is off")
        assert server.arrived("ben", "shown while it is off")
    refused = server.ctl("settings", "set", f'{PAGE}.own_exceptions=["no server"]', check=False)
    assert list(refused["error"]["fields"]) == ["own_exceptions"]


def test_what_only_shows_an_own_address_is_not_lost(server: Office) -> None:
    shown_as_ours(server, "shown as ours")
    assert server.arrived("ben", "shown as ours", "Junk")
    shown_as_ours(server, "shown by a list", listed=True)
    assert server.arrived("ben", "shown by a list")
    with changed(server, PAGE, own_from="reject"), contextlib.suppress(smtplib.SMTPDataError):
        shown_as_ours(server, "shown and rejected")
        raise AssertionError("it was taken")


def test_own_users_write_to_each_other(server: Office) -> None:
    with server.submission("anna") as client:
        client.send_message(server.mail("among colleagues", sender=OWN))
    assert server.arrived("ben", "among colleagues")
