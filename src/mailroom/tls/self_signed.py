"""A certificate of our own, so that the first connection is encrypted. Mail programs will ask whether to trust it."""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailroom.tls.kept import SELF_SIGNED, Kept

DAYS_VALID = 825


def settle(kept: Kept, hostname: str, now: float) -> None:
    """See to it that a certificate is in force: the one there is, else a new one for `hostname`. Raises OSError.

    A P-256 key: as strong as RSA 3072 and far cheaper in a handshake.
    """
    if not kept.current():
        kept.use(kept.add(*make(hostname), {"source": SELF_SIGNED, "time": now, "who": "Mailroom"}))


def make(hostname: str) -> tuple[bytes, bytes]:
    """(key, certificate) for this name, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return secret, _certificate(key, hostname).public_bytes(serialization.Encoding.PEM)


def _certificate(key: ec.EllipticCurvePrivateKey, hostname: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A NAS without a battery-backed clock may start in the past.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS_VALID))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(hostname), x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
