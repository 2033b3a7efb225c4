"""What the listening ports agree to with strangers: no cipher without a certificate, no notices of success."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from mail_chain import Chain
from own_room import SERVER

PORTS = {25: True, 587: True, 465: False}
NEW = {"service.protocol": {"smtp_enabled": True, "submission_enabled": True, "smtps_enabled": True}}


@pytest.fixture(scope="module")
def chain(start: Any) -> Chain:
    found: Chain = start("filter", "postfix", settings=NEW)
    return found


def cipher(chain: Chain, port: int, starttls: bool, offered: str) -> str:
    """The cipher that the server has chosen. Raises ssl.SSLError when it agrees to none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(offered)
    with chain.connect(port) as link:
        if starttls:
            told = link.makefile("rb")
            told.readline()
            link.sendall(b"EHLO x.example\r\n")
            while not told.readline().startswith(b"250 "):
                pass
            link.sendall(b"STARTTLS\r\n")
            assert told.readline().startswith(b"220 ")
        with context.wrap_socket(link, server_hostname=SERVER) as safe:
            return str(safe.cipher())


@pytest.mark.parametrize(("port", "starttls"), PORTS.items())
def test_no_port_agrees_to_a_cipher_without_a_certificate(chain: Chain, port: int, starttls: bool) -> None:
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        cipher(chain, port, starttls, "aNULL:@SECLEVEL=0")
    assert "ECDHE" in cipher(chain, port, starttls, "aNULL:ECDHE:@SECLEVEL=0")


def test_strangers_get_no_notice_of_success(chain: Chain) -> None:
    """RFC 3461 4: with an invented sender it would go to somebody who has sent nothing."""
    with chain.smtp() as client:
        client.ehlo()
        assert not client.has_extn("dsn")
        assert client.mail("victim@third.example", ["RET=HDRS"])[0] == 501
        assert client.mail("victim@third.example")[0] == 250
        assert client.docmd("RCPT TO:<alice@example.com> NOTIFY=SUCCESS")[0] == 501
        assert client.docmd("RCPT TO:<alice@example.com> ORCPT=rfc822;alice@example.com")[0] == 501
        assert client.rcpt("alice@example.com")[0] == 250


def test_users_keep_theirs(chain: Chain) -> None:
    with chain.smtp(587) as client:
        client.ehlo()
        assert client.has_extn("dsn")
