"""A certificate authority of the tests: root, intermediate, and whatever certificate a test needs."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Made:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, password: str = "") -> bytes:
        """The key, encrypted when there is a password."""
        return key_pem(self.key, password)


def key_pem(key: Any, password: str = "") -> bytes:
    """A key as PEM."""
    seal = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, seal))


def ecdsa() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(
    *names: str,
    by: Made | None = None,
    key: Any = None,
    days: float = 90,
    begins_days: float = -1,
    authority: bool = False,
    hash: Any = None,
    for_clients: bool = False,
    now: datetime.datetime | None = None,
) -> Made:
    """A certificate for these names. by: who signs it, else itself; days: until it ends, counted from now."""
    own, now = key or ecdsa(), now or datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.certificate.subject if by else name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=begins_days))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), False)
        use = ExtendedKeyUsageOID.CLIENT_AUTH if for_clients else ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), False)
    return Made(builder.sign(by.key if by else own, hash or hashes.SHA256()), own)


class Authority:
    """Root and intermediate. What it gives out is signed by the intermediate."""

    def __init__(self, title: str = "Test") -> None:
        self.root = certificate(f"{title} Root", authority=True, days=3650)
        self.middle = certificate(f"{title} Intermediate", by=self.root, authority=True, days=1825)

    def give(self, *names: str, **how: Any) -> Made:
        """A certificate for these names."""
        return certificate(*names, by=self.middle, **how)

    def pkcs12(self, made: Made, password: str, *, chain: bool = True, root: bool = False) -> bytes:
        """As one file."""
        others = [self.root.certificate] if root else []
        others += [self.middle.certificate] if chain else []
        seal = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        return pkcs12.serialize_key_and_certificates(b"mail", made.key, made.certificate, others or None, seal)
