"""A relay server of the tests: demands what it is told to, and keeps what it gets."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ACCOUNT, PASSWORD = "office@relay.example", "geheim é 1"


def certificate(folder: Path, *names: str) -> Path:
    """A self-signed certificate for these names and addresses with its key in one file; it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    held: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(held), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{names[0]}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


class RelayServer:
    """Listens on a socket. tls: "" | "starttls" | "implicit". auth: whether signing in is required.

    refuses: the reply to every recipient, "" for none. What arrived is in `messages`; who signed in, in `signed_in`.
    """

    def __init__(
        self, link: socket.socket, file: Path | None = None, *, tls: str = "", auth: bool = False, refuses: str = ""
    ) -> None:
        self.messages: list[Envelope] = []
        self.signed_in: list[str] = []
        self.tls, self.auth, self.refuses = tls, auth, refuses
        self.context: ssl.SSLContext | None = None
        if file is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(file)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, args=(link,))
        self.ready = threading.Event()
        self.thread.start()
        assert self.ready.wait(10)

    def _run(self, link: socket.socket) -> None:
        asyncio.set_event_loop(self.loop)
        outer = self.context if self.tls == "implicit" else None
        self.server = self.loop.run_until_complete(self.loop.create_server(self._session, sock=link, ssl=outer))
        self.ready.set()
        self.loop.run_forever()
        self.server.close()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def _session(self) -> SMTP:
        inner = self.context if self.tls == "starttls" else None
        return SMTP(
            self,
            hostname="relay.example",
            tls_context=inner,
            auth_required=self.auth,
            auth_require_tls=self.tls == "starttls",
            authenticator=self._check if self.auth else None,
            loop=self.loop,
        )

    def _check(self, server: Any, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        right = (given.login, given.password) == (ACCOUNT.encode(), PASSWORD.encode())
        if right:
            self.signed_in.append(mechanism)
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient ok"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        self.messages.append(envelope)
        return "250 2.0.0 Taken"

    def __enter__(self) -> RelayServer:
        return self

    def __exit__(self, *_: Any) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
