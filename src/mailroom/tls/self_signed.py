"""A certificate of our own, so that the first connection is encrypted. Mail programs will ask whether to trust it."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAYS_VALID = 825


def make(folder: Path, hostname: str, group_id: int) -> None:
    """Write key.pem (0640, root and `group_id`) and cert.pem for `hostname` into `folder`, unless both are there.

    A P-256 key: as strong as RSA 3072 and far cheaper in a handshake. Raises OSError.
    """
    key_file, cert_file = folder / "key.pem", folder / "cert.pem"
    if key_file.exists() and cert_file.exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    _write(
        key_file,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        0o640,
        group_id,
    )
    _write(cert_file, _certificate(key, hostname).public_bytes(serialization.Encoding.PEM), 0o644, group_id)


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


def _write(file: Path, content: bytes, mode: int, group_id: int) -> None:
    fresh = file.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fchown(out.fileno(), 0, group_id)
        os.fchmod(out.fileno(), mode)
        os.fsync(out.fileno())
    fresh.replace(file)
