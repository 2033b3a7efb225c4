"""The certificate in force, as its file has it and as mail services show it to whoever connects."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

# As FIPS 186-5 calls them.
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
Speaks = Literal["smtp", "smtps", "imap", "imaps", "pop3", "pop3s", "sieve"]
SIEVE_LINES_MAX, SIEVE_LINE_MAX = 100, 8_192


@dataclass(frozen=True)
class Certificate:
    """What a certificate says. Times in seconds since the epoch.

    chain: how many others its file holds; key: its kind, e.g. RSA 2048.
    """

    names: tuple[str, ...]
    begins: float
    ends: float
    issuer: str
    self_signed: bool
    fingerprint: str
    chain: int = 0
    key: str = ""

    def covers(self, hostname: str) -> bool:
        """Whether it was made for this name (RFC 6125 6.4): a star stands for exactly the first label."""
        above = hostname.lower().partition(".")[2]
        return hostname.lower() in self.names or (bool(above) and f"*.{above}" in self.names)


def of_file(file: Path) -> Certificate:
    """The first certificate of a PEM file. Raises OSError, ValueError."""
    return of_pem(file.read_bytes())


def of_pem(content: bytes) -> Certificate:
    """The first of these certificates. Raises ValueError."""
    found = x509.load_pem_x509_certificates(content)
    return _told(found[0], len(found) - 1)


def served(host: str, port: int, speaks: Speaks, limit_s: float) -> Certificate:
    """The certificate that a service shows. Raises OSError (also what TLS objects to) or ValueError."""
    context = ssl.create_default_context()
    # It is looked at, whatever it is.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        wire = _shown(host, port, speaks, context, limit_s)
    except (smtplib.SMTPException, imaplib.IMAP4.error, poplib.error_proto, EOFError) as reason:
        raise OSError(f"no TLS: {reason}") from reason
    if not wire:
        raise OSError("no certificate was shown")
    return _told(x509.load_der_x509_certificate(wire), 0)


def _shown(host: str, port: int, speaks: Speaks, context: ssl.SSLContext, limit_s: float) -> bytes | None:
    match speaks:
        case "smtp":
            with smtplib.SMTP(host, port, local_hostname="localhost", timeout=limit_s) as smtp:
                smtp.starttls(context=context)
                return _of(smtp.sock)
        case "smtps":
            with smtplib.SMTP_SSL(host, port, local_hostname="localhost", timeout=limit_s, context=context) as smtps:
                return _of(smtps.sock)
        case "imap":
            with imaplib.IMAP4(host, port, timeout=limit_s) as imap:
                imap.starttls(context)
                return _of(imap.sock)
        case "imaps":
            with imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=limit_s) as imaps:
                return _of(imaps.sock)
        case "pop3":
            pop3 = poplib.POP3(host, port, timeout=limit_s)
            pop3.stls(context)
        case "pop3s":
            pop3 = poplib.POP3_SSL(host, port, context=context, timeout=limit_s)
        case "sieve":
            with socket.create_connection((host, port), limit_s) as link:
                _starttls_sieve(link)
                with context.wrap_socket(link) as sieve:
                    return _of(sieve)
    try:
        return _of(pop3.sock)
    finally:
        pop3.close()


def _starttls_sieve(link: socket.socket) -> None:
    """STARTTLS of ManageSieve (RFC 5804 2.2), of which Python has no client. Raises OSError."""
    with link.makefile("rb") as stream:
        _sieve_ok(stream)
        link.sendall(b"STARTTLS\r\n")
        _sieve_ok(stream)


def _sieve_ok(stream: BinaryIO) -> None:
    """Read until OK: the greeting has a line for each capability before it. Raises OSError."""
    for _ in range(SIEVE_LINES_MAX):
        line = stream.readline(SIEVE_LINE_MAX)
        if line[:2].upper() == b"OK":
            return
        if not line.startswith(b'"'):
            break
    raise OSError(f"no TLS: {line[:80]!r}")


def _of(link: object) -> bytes | None:
    return link.getpeercert(True) if isinstance(link, ssl.SSLSocket) else None


def _told(found: x509.Certificate, chain: int) -> Certificate:
    try:
        extension = found.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
        names = (
            extension.get_values_for_type(x509.DNSName) if isinstance(extension, x509.SubjectAlternativeName) else []
        )
    except x509.ExtensionNotFound:
        names = []
    return Certificate(
        tuple(name.lower() for name in names),
        found.not_valid_before_utc.timestamp(),
        found.not_valid_after_utc.timestamp(),
        _issuer(found),
        found.issuer == found.subject,
        found.fingerprint(hashes.SHA256()).hex(),
        chain,
        _kind(found),
    )


def _kind(found: x509.Certificate) -> str:
    """Its key as people write it, e.g. RSA 2048 or ECDSA secp256r1."""
    key = found.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return f"ECDSA {CURVES.get(key.curve.name, key.curve.name)}" if isinstance(key, ec.EllipticCurvePublicKey) else ""


def _issuer(found: x509.Certificate) -> str:
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        if parts := found.issuer.get_attributes_for_oid(kind):
            return str(parts[0].value)
    return found.issuer.rfc4514_string()
