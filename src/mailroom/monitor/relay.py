"""Talks to a relay server as Postfix would, up to the recipient, and sends nothing (rows RL01-RL04).

Each step is told with the server's own words, so that one sees which one fails and why.
"""

from __future__ import annotations

import base64
import errno
import hmac
import os
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO

from mailroom.core import net
from mailroom.core.problems import cause

STEP_LIMIT_S = 10.0
# Of one connection; a talk takes less than a thousand.
WORDS_BYTES_MAX = 64 * 1024
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
NAME, CONNECT, TLS, SIGN_IN, RECIPIENT = STEPS = ("name", "connect", "tls", "sign_in", "recipient")
# RFC 4954, in the order of our choice: the first shows the password to nobody.
HIDING, SHOWING = ("CRAM-MD5",), ("PLAIN", "LOGIN")


@dataclass(frozen=True)
class Relay:
    """What is tried: the values of Mail Delivery > Delivery, with the password itself."""

    server: str
    port: int
    always_tls: bool
    implicit_tls: bool
    verify: bool
    account: str
    password: str = field(repr=False)


class _Bounded:
    """A server's words as smtplib reads them; one that never ends its answer is left."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.left = file, WORDS_BYTES_MAX

    def readline(self, limit: int) -> bytes:
        """The next line. Raises OSError when there were too many."""
        line = self.file.readline(limit)
        self.left -= len(line)
        if self.left < 0:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        return line

    def close(self) -> None:
        self.file.close()


class _Client(smtplib.SMTP):
    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        return super().getreply()


class StepFailed(Exception):
    """The step under way does not work. words: what the server, or the network, said of it."""

    def __init__(self, text: str, words: str = "") -> None:
        super().__init__(text)
        self.text, self.words = text, words


class Talk:
    """One try. `done` has a line for each step that worked: what was found."""

    def __init__(self, relay: Relay, own_name: str, certificates: str = CERTIFICATES) -> None:
        self.relay, self.own_name, self.certificates = relay, own_name, certificates
        self.done: dict[str, str] = {}
        self.addresses: list[str] = []
        self.client = _Client(local_hostname=own_name, timeout=STEP_LIMIT_S)
        self.secure = False

    def steps(self, sender: str, recipient: str) -> list[tuple[str, Callable[[], str]]]:
        """(id, what to do) in order. Each says what it found, and raises StepFailed or OSError."""
        found = [(NAME, self.look_up), (CONNECT, self.connect), (TLS, self.encrypt)]
        found += [(SIGN_IN, self.sign_in)] if self.relay.account else []
        return [*found, (RECIPIENT, lambda: self.name_recipient(sender, recipient))]

    def look_up(self) -> str:
        try:
            found = socket.getaddrinfo(self.relay.server, self.relay.port, type=socket.SOCK_STREAM)
        except socket.gaierror as reason:
            raise StepFailed("The name of the server was not found.", reason.strerror or "") from None
        self.addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if ours := [address for address in self.addresses if net.is_ours(address)]:
            raise StepFailed("The name leads to this server.", ", ".join(ours))
        return ", ".join(self.addresses)

    def connect(self) -> str:
        refusals = []
        for address in self.addresses:
            try:
                self.client.sock = socket.create_connection((address, self.relay.port), STEP_LIMIT_S)
                break
            except OSError as reason:
                refusals.append(f"{address}: {cause(reason)}")
        else:
            raise StepFailed("Nothing answers there.", "; ".join(refusals))
        if self.relay.always_tls and self.relay.implicit_tls:
            return address
        return self._greeting()

    def encrypt(self) -> str:
        if self.relay.always_tls and self.relay.implicit_tls:
            self._wrap()
            greeting = self._greeting()
            self._hello()
            return f"{self._cipher()}. {greeting}"
        self._hello()
        if not self.client.has_extn("starttls"):
            if self.relay.always_tls:
                raise StepFailed("The server offers no encryption (STARTTLS).", self._offers())
            return "not encrypted"
        self._said(self.client.docmd("STARTTLS"), 220, "The server does not begin to encrypt.")
        self._wrap()
        self._hello()
        return self._cipher()

    def sign_in(self) -> str:
        offered = self.client.esmtp_features.get("auth", "").upper().split()
        usable = [method for method in (*HIDING, *SHOWING) if method in offered]
        if not self.secure:
            usable = [method for method in usable if method in HIDING]
        if not offered and not self.secure:
            raise StepFailed("The server offers no sign-in on a connection that is not encrypted.", self._offers())
        if not offered:
            raise StepFailed("The server lets nobody sign in here.", self._offers())
        if not usable and not self.secure:
            raise StepFailed("The password would cross the network unencrypted.", " ".join(offered))
        if not usable:
            raise StepFailed("The server offers no way to sign in that can be used here.", " ".join(offered))
        method = usable[0]
        self._said(getattr(self, f"_{method.lower().replace('-', '_')}")(), 235, "The server does not let us sign in.")
        return method

    def name_recipient(self, sender: str, recipient: str) -> str:
        self._said(self.client.mail(sender), 250, "The server does not take mail from this sender.")
        answer = self._said(self.client.rcpt(recipient), 250, "The server does not take mail for others.")
        # It was taken, whatever is answered to a farewell.
        with suppress(OSError):
            self.client.rset()
            self.client.quit()
        return answer

    def close(self) -> None:
        """Leave, wherever we are."""
        self.client.close()

    def _hello(self) -> None:
        code, words = self.client.ehlo()
        self._said((code, words), 250, "The server does not greet us.")

    def _greeting(self) -> str:
        return self._said(self.client.getreply(), 220, "The server turns us away.")

    def _said(self, reply: tuple[int, bytes], wanted: int, text: str) -> str:
        """The server's words. Raises StepFailed when it did not answer as wanted."""
        if not 200 <= reply[0] <= 599:
            # Whatever it is that answers: its words are for those who may talk to it.
            raise StepFailed("What answers there is no mail server.")
        code, words = reply[0], f"{reply[0]} {reply[1].decode('utf-8', 'replace')}"
        if code != wanted and not (wanted == 250 and code == 251):
            raise StepFailed(text, words)
        return words

    def _offers(self) -> str:
        return ", ".join(name.upper() for name in self.client.esmtp_features)

    def _wrap(self) -> None:
        context = ssl.create_default_context(cafile=self.certificates)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not (self.relay.always_tls and self.relay.verify):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        assert self.client.sock is not None
        try:
            self.client.sock = context.wrap_socket(self.client.sock, server_hostname=self.relay.server)
        except ssl.SSLCertVerificationError as reason:
            raise StepFailed("The certificate of the server cannot be trusted.", reason.verify_message) from None
        except ssl.SSLError as reason:
            raise StepFailed("No encrypted connection comes about.", cause(reason)) from None
        # What was said before encryption counts no more (RFC 3207 4.2).
        self.client.file = None
        self.client.ehlo_resp = self.client.helo_resp = None
        self.client.esmtp_features, self.client.does_esmtp = {}, False
        self.secure = True

    def _cipher(self) -> str:
        assert isinstance(self.client.sock, ssl.SSLSocket)
        return str(self.client.sock.version())

    def _plain(self) -> tuple[int, bytes]:
        return self.client.docmd("AUTH", "PLAIN " + _code(b"\0".join((b"", *self._credentials()))))

    def _credentials(self) -> tuple[bytes, bytes]:
        return self.relay.account.encode(), self.relay.password.encode()

    def _login(self) -> tuple[int, bytes]:
        reply = self.client.docmd("AUTH", f"LOGIN {_code(self.relay.account.encode())}")
        return self.client.docmd(_code(self.relay.password.encode())) if reply[0] == 334 else reply

    def _cram_md5(self) -> tuple[int, bytes]:
        reply = self.client.docmd("AUTH", "CRAM-MD5")
        if reply[0] != 334:
            return reply
        answer = hmac.digest(self.relay.password.encode(), base64.b64decode(reply[1]), "md5").hex()
        return self.client.docmd(_code(f"{self.relay.account} {answer}".encode()))


def _code(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@contextmanager
def talk(relay: Relay, own_name: str, certificates: str = CERTIFICATES) -> Iterator[Talk]:
    """A try that leaves nothing open."""
    made = Talk(relay, own_name, certificates)
    try:
        yield made
    finally:
        made.close()
