"""Each protocol on its port, switched on and off in the settings (rows PR01 to PR07), by real clients from outside."""

from __future__ import annotations

import poplib
import smtplib
import socket
import ssl

import pytest

from changing import changed
from office import DOMAIN, Office, trusting

PAGE = "service.protocol"
# row: (setting, port)
PORTS = {
    "PR01": ("smtp_enabled", 25),
    "PR02": ("smtps_enabled", 465),
    "PR03": ("submission_enabled", 587),
    "PR04": ("pop3_enabled", 110),
    "PR05": ("pop3s_enabled", 995),
    "PR06": ("imap_enabled", 143),
    "PR07": ("imaps_enabled", 993),
}


def answers(server: Office, port: int) -> bool:
    """Whether something listens there."""
    try:
        server.connect(port, timeout_s=5).close()
    except ConnectionRefusedError:
        return False
    return True


class Pop3(poplib.POP3):
    """A POP3 client in the outside world."""

    def __init__(self, server: Office, port: int) -> None:
        self.server = server
        super().__init__("nas", port, 30)

    def _create_socket(self, timeout: float) -> socket.socket:
        link = self.server.connect(self.port, timeout_s=timeout)
        return trusting().wrap_socket(link, server_hostname="nas") if self.port == 995 else link


@pytest.mark.parametrize(("setting", "port"), PORTS.values(), ids=PORTS)
def test_a_protocol_is_there_while_it_is_enabled(server: Office, setting: str, port: int) -> None:
    """PR01-PR07, on and off."""
    usual = server.ctl("settings", "get", f"{PAGE}.{setting}")
    assert answers(server, port) is usual
    with changed(server, PAGE, **{setting: not usual}):
        assert answers(server, port) is not usual
    assert answers(server, port) is usual


def test_smtp_and_submission_on_other_ports(server: Office) -> None:
    """PR01, PR02, PR03: mail comes in on the other port, and nobody answers on the usual one."""
    with changed(server, PAGE, smtp_port=2525, submission_port=2587, smtps_port=2465):
        assert [answers(server, port) for port in (25, 465, 587)] == [False, False, False]
        with server.smtp(2525) as client:
            client.send_message(server.mail("on another port"))
    assert server.arrived("ben", "on another port")
    assert [answers(server, port) for port in (2525, 2465, 2587)] == [False, False, False]


def test_a_port_that_is_taken_is_refused_at_its_field(server: Office) -> None:
    refused = server.ctl("settings", "set", f"{PAGE}.submission_port=993", check=False)["error"]
    assert refused["code"] == "invalid" and list(refused["fields"]) == ["submission_port"]
    assert "IMAP SSL/TLS" in refused["message"]


def test_a_port_that_another_program_has_changes_nothing(server: Office) -> None:
    """DSM's own desktop listens on 5000: nobody can know all ports of a NAS beforehand."""
    refused = server.ctl("settings", "set", f"{PAGE}.smtps_port=5000", check=False)["error"]
    assert (refused["code"], refused["setting"]) == ("check_failed", f"{PAGE}.smtps_port") and "5000" in refused[
        "message"
    ]
    assert answers(server, 465)


@pytest.mark.parametrize("port", [465, 587])
def test_submission_wants_encryption_and_signing_in(server: Office, port: int) -> None:
    """PR02, PR03: without encryption or a password nothing leaves, with both it does."""
    with server.smtp(port) as client:
        if port == 587:
            client.ehlo()
            assert not client.has_extn("auth")
            assert client.docmd("MAIL", f"FROM:<ben@{DOMAIN}>")[0] == 530
            client.starttls(context=trusting())
        client.ehlo()
        assert client.mail(f"ben@{DOMAIN}") == (530, b"5.7.0 Authentication required")
    with server.submission("ben", port) as client:
        client.send_message(server.mail(f"sent by {port}", to="somebody@elsewhere.example", sender=f"ben@{DOMAIN}"))
    assert server.sent_out(f"sent by {port}")["to"] == ["somebody@elsewhere.example"]


def test_a_wrong_password_does_not_send(server: Office) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError):
        server.submission("chloe", password="wrong")
    server.forgive("chloe")


def test_imap_and_pop3_read_the_same_mail(server: Office) -> None:
    """PR04, PR05, PR06, PR07: by each of the four ports."""
    server.deliver("read it all ways", to=f"anna@{DOMAIN}")
    server.arrived("anna", "read it all ways")
    with server.imap("anna", port=143) as client:
        client.select("INBOX", readonly=True)
        assert client.search(None, "SUBJECT", '"read it all ways"')[1] != [b""]
    with changed(server, PAGE, pop3_enabled=True, pop3s_enabled=True):
        for port in (110, 995):
            pop = Pop3(server, port)
            if port == 110:
                with pytest.raises(poplib.error_proto):
                    pop.user("anna")
                    pop.pass_(server.passwords["anna"])
                pop.stls(trusting())
            pop.user("anna")
            pop.pass_(server.passwords["anna"])
            found = [b"\n".join(pop.retr(number)[1]) for number in range(1, pop.stat()[0] + 1)]
            assert any(b"Subject: read it all ways" in one for one in found)
            pop.quit()


def test_no_password_before_encryption(server: Office) -> None:
    """PR06."""
    link = server.connect(143, timeout_s=20)
    heard = link.recv(1000)
    assert b"LOGINDISABLED" in heard
    link.sendall(b"a login anna whatever\r\n")
    assert b"a NO [PRIVACYREQUIRED]" in link.recv(1000)
    link.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_tls_is_refused(server: Office) -> None:
    """PR02, PR07: TLS 1.1 is refused, what a client of today talks is not."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    for port in (993, 465):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            old.wrap_socket(server.connect(port, timeout_s=20), server_hostname="nas")
        trusting().wrap_socket(server.connect(port, timeout_s=20), server_hostname="nas").close()
