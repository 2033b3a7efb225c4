"""Mail in and out, and the limits of Mail Delivery > General (rows DL01, DL05, DL06, DL07, DL09, DL10, DL11; AC07)."""

from __future__ import annotations

import smtplib

import pytest

from changing import changed
from office import DOMAIN, HOSTNAME, PACKAGE, Office, until

PAGE = "mail_delivery.general"


def rcpt(server: Office, recipient: str, **where: str) -> int:
    """The reply code to one recipient, without signing in."""
    with server.smtp(**where) as client:  # type: ignore[arg-type]
        client.ehlo()
        client.mail("friend@world.example")
        return client.rcpt(recipient)[0]


def test_mail_comes_in_and_goes_out(server: Office) -> None:
    server.deliver("from outside")
    got = server.arrived("ben", "from outside")
    assert b"X-Mailroom-ID:" in got and b"X-Spam-Status: No" in got
    with server.submission("ben") as client:
        client.send_message(server.mail("to outside", to="friend@world.example", sender=f"ben@{DOMAIN}"))
    sent = server.sent_out("to outside")
    assert sent["from"] == f"ben@{DOMAIN}" and "X-Mailroom-" not in sent["content"]


def test_the_delivery_script_is_compiled_whatever_was_changed(server: Office) -> None:
    """Also in a configuration in which nothing of Dovecot's has changed: the mail user may not write there."""
    log = ("grep", "-c", "before.svbin: save", f"{PACKAGE}/var/data/log/dovecot/current")
    with changed(server, PAGE, max_recipients=77):
        failed = server.machine.run(*log, check=False).stdout
        server.deliver("by the compiled script")
        server.arrived("ben", "by the compiled script")
        assert server.machine.run(*log, check=False).stdout == failed


def test_an_unknown_recipient_is_told_at_once(server: Office) -> None:
    assert rcpt(server, f"nobody@{DOMAIN}") == 550
    record = until(lambda: server.ctl("messages", f"nobody@{DOMAIN}")["messages"], 20)[0]
    told = server.ctl("explain", record["id"])
    assert record["verdict"] == "reject" and any("nobody" in line and "refused" in line for line in told["explain"])


def test_whose_state_cannot_be_asked_has_to_wait(server: Office) -> None:
    """Without the table of recipients nobody is told that a mailbox does not exist; the job process makes it anew."""
    unknown = f"whoever@{DOMAIN}"
    server.inside("s6-svc", "-wD", "-d", "/run/service/job")
    try:
        server.inside("rm", "/data/maps/recipients.lmdb")
        assert until(lambda: rcpt(server, unknown) != 550 and rcpt(server, unknown)) == 451
        assert rcpt(server, f"ben@{DOMAIN}") == 451
    finally:
        server.inside("s6-svc", "-wU", "-u", "/run/service/job")
    until(
        lambda: rcpt(server, f"ben@{DOMAIN}") == 250 and rcpt(server, unknown) == 550, what="the table is there again"
    )
    seen = server.ctl("messages", unknown)["messages"]
    assert {one["verdict"] for one in seen} == {"tempfail", "reject"}


def test_mail_waits_while_nobody_can_say_who_has_a_mailbox(server: Office) -> None:
    """With the sign-in service down Dovecot cannot tell; what was accepted waits in the queue and is not returned."""
    server.inside("s6-svc", "-wD", "-d", "/run/service/signin")
    try:
        server.deliver("waits for the mailbox")
        until(lambda: b"4.3.0" in server.inside("postqueue", "-c", "/data/conf/current/postfix", "-j").encode(), 30)
    finally:
        server.inside("s6-svc", "-wU", "-u", "/run/service/signin")
    server.inside("postqueue", "-c", "/data/conf/current/postfix", "-f")
    assert server.arrived("ben", "waits for the mailbox")


def test_every_domain_has_a_postmaster(server: Office) -> None:
    server.deliver("to the postmaster", to=f"postmaster@{DOMAIN}")
    assert server.arrived("anna", "to the postmaster")


@pytest.mark.parametrize("place", ["world", "nas", "loopback"])
def test_nobody_relays_without_signing_in(server: Office, place: str) -> None:
    """DL09."""
    where = {"world": {}, "nas": {"place": "nas"}, "loopback": {"place": "nas", "to": "127.0.0.1"}}[place]
    assert rcpt(server, "somebody@elsewhere.example", **where) == 554


def test_signing_in_is_not_needed_in_exactly_the_networks_shown(server: Office) -> None:
    """DL10, on and off, inside and outside of the networks."""
    printer = server.address(9)
    with changed(server, PAGE, skip_auth_on_lan=True, lan_networks=[f"{printer}/32"]):
        assert rcpt(server, "somebody@elsewhere.example", source=printer) == 250
        assert rcpt(server, "somebody@elsewhere.example", source=server.address(10)) == 554
        assert rcpt(server, "somebody@elsewhere.example", place="nas", to="127.0.0.1") == 554
    assert rcpt(server, "somebody@elsewhere.example", source=printer) == 554


def test_without_smtp_authentication_nobody_sends(server: Office) -> None:
    """DL09, off and on."""
    with changed(server, PAGE, smtp_auth=False):
        with pytest.raises(smtplib.SMTPNotSupportedError):
            server.submission("ben")
        server.deliver("still comes in")
        assert server.arrived("ben", "still comes in")
    with server.submission("ben") as client:
        client.noop()


def test_sender_must_be_the_login_when_that_is_set(server: Office) -> None:
    """DL11, on as it is on a new server, and off."""
    with changed(server, PAGE, sender_equals_login=False), server.submission("ben") as client:
        client.send_message(server.mail("as somebody else", to="friend@world.example", sender=f"anna@{DOMAIN}"))
    server.sent_out("as somebody else")
    with server.submission("ben") as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.send_message(server.mail("forged", to="friend@world.example", sender=f"anna@{DOMAIN}"))
        assert b"not owned by user" in next(iter(refused.value.recipients.values()))[1]
        client.rset()
        client.send_message(server.mail("as myself", to="friend@world.example", sender=f"ben@{DOMAIN}"))
        server.sent_out("as myself")


def test_what_is_shown_must_be_the_login_too(server: Office) -> None:
    """DL11: From, and what has no envelope sender; told to the user and in the record."""
    own, other = f"ben@{DOMAIN}", "ceo@bank.example"
    with server.submission("ben") as client:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.send_message(server.mail("shown as another", to="friend@world.example", sender=other), own)
        assert refused.value.smtp_code == 550 and own.encode() in refused.value.smtp_error
        with pytest.raises(smtplib.SMTPDataError):
            client.send_message(server.mail("from nobody", to="friend@world.example", sender=own), "<>")
        receipt = server.mail("a receipt", to="friend@world.example", sender=own)
        receipt.replace_header("Content-Type", "multipart/report; boundary=x; report-type=disposition-notification")
        client.send_message(receipt, "<>")
    assert server.sent_out("a receipt")["from"] in ("", "<>")
    found = until(lambda: server.ctl("messages", own)["messages"], 20)
    lines = [line for one in found for line in server.ctl("explain", one["id"])["explain"]]
    assert any("it shows ceo@bank.example" in line and "must be identical" in line for line in lines)


def test_who_gets_an_aliass_mail_may_send_as_it_if_that_is_set(server: Office) -> None:
    """DL11: off and on; in the envelope and in what is shown."""
    team = f"senders-team@{DOMAIN}"
    aliases = [{"name": "senders-team", "members": ["user:ben"]}]
    with changed(server, "mail_delivery.alias", aliases=aliases):
        for user, allowed in (("ben", False), ("ben", True), ("chloe", False)):
            with changed(server, PAGE, send_as_aliases=allowed or user == "chloe"), server.submission(user) as client:
                mail = server.mail(f"team {user} {allowed}", to="friend@world.example", sender=team)
                try:
                    client.send_message(mail)
                    sent = True
                except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
                    sent = False
                assert sent is allowed, (user, allowed)


def test_the_size_limit_is_announced_and_kept(server: Office) -> None:
    """DL07: below the limit and above it; with the usual limit both come in."""
    small, large = ("x" * 70 + "\n") * 10_000, ("y" * 70 + "\n") * 16_000
    with changed(server, PAGE, max_message_mb=1):
        with server.smtp() as client:
            client.ehlo()
            assert client.esmtp_features["size"] == str(1024 * 1024)
            with pytest.raises(smtplib.SMTPResponseException) as refused:
                client.send_message(server.mail("too large", text=large))
            assert refused.value.smtp_code == 552
        server.deliver("small enough", text=small)
        assert server.arrived("ben", "small enough")
    server.deliver("large is usual", text=large)
    assert server.arrived("ben", "large is usual")


def test_recipients_beyond_the_limit_are_refused(server: Office) -> None:
    """DL05: up to the limit and above it; without this limit all of them."""
    with changed(server, PAGE, max_recipients=2), server.smtp() as client:
        client.ehlo()
        client.mail("friend@world.example")
        assert [client.rcpt(f"{name}@{DOMAIN}")[0] for name in ("anna", "ben", "chloe")] == [250, 250, 452]
    with server.smtp() as client:
        client.ehlo()
        client.mail("friend@world.example")
        assert [client.rcpt(f"{name}@{DOMAIN}")[0] for name in ("anna", "ben", "chloe")] == [250, 250, 250]


def hopped(server: Office, subject: str, hops: int) -> tuple[int, bytes]:
    """The answer to a message that has come by so many servers."""
    mail = server.mail(subject)
    for hop in range(hops):
        mail["Received"] = f"from a{hop}.example by b{hop}.example; Tue, 24 Nov 2026 10:00:00 +0000"
    with server.smtp() as client:
        client.ehlo()
        client.mail("friend@world.example")
        client.rcpt(f"ben@{DOMAIN}")
        return client.data(mail.as_bytes())


def test_a_message_that_goes_in_circles_is_returned(server: Office) -> None:
    """DL06: as many hops as are allowed, and one more; with the usual limit that one comes in, too."""
    with changed(server, PAGE, max_hops=6):
        assert hopped(server, "not in circles", 6)[0] == 250
        assert hopped(server, "in circles", 7) == (554, b"5.4.6 Too many hops")
        assert server.arrived("ben", "not in circles")
    assert hopped(server, "no circle by then", 7)[0] == 250
    assert server.arrived("ben", "no circle by then")


def test_banner_hostname_and_domain(server: Office) -> None:
    """DL01: as it was, edited, and put back."""
    link = server.connect(25)
    assert link.recv(500) == f"220 {HOSTNAME} ESMTP\r\n".encode()
    link.close()
    with changed(server, PAGE, banner="welcomes you", hostname="mx.other.example", domain="other.example"):
        link = server.connect(25)
        assert link.recv(500) == b"220 mx.other.example welcomes you\r\n"
        link.close()
        assert rcpt(server, "ben@other.example") == 250
        assert rcpt(server, f"ben@{DOMAIN}") == 554
        server.deliver("to the new domain", to="ben@other.example")
        assert server.arrived("ben", "to the new domain")
    assert rcpt(server, f"ben@{DOMAIN}") == 250
