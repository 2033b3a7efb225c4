"""A key's certificate with those of its issuers in order, and whether others will accept it (RFC 5280)."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from mailroom.core.clock import day
from mailroom.tls.brought import CERTIFICATE, CHAIN, KEY, Key, refused

ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")
CHAIN_MAX = 8
WEAK = (hashes.MD5, hashes.SHA1)


@dataclass(frozen=True)
class Pair:
    """A key and its certificates as servers want them: the own one first, each followed by its issuer's.

    spare: how many of those that were brought do not belong to it. known: whether common programs know the issuer.
    """

    key: Key
    certificates: tuple[x509.Certificate, ...]
    spare: int = 0
    known: bool = True

    @property
    def own(self) -> x509.Certificate:
        """The certificate of the key itself."""
        return self.certificates[0]

    def key_pem(self) -> bytes:
        """The key, not encrypted."""
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())

    def chain_pem(self) -> bytes:
        """All certificates."""
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in self.certificates)


def joined(
    key: Key, brought: Iterable[x509.Certificate], now: float, roots: Path | None = None, *, complete: bool = True
) -> Pair:
    """The pair in order, each certificate valid now, up to an issuer that is known. Raises Invalid.

    roots: the issuers that common programs know; without that file none is. complete: whether it must lead there.
    """
    held, trusted = list(dict.fromkeys(brought)), _roots(roots or ROOTS)
    own = next((one for one in held if _public(one.public_key()) == _public(key.public_key())), None)
    if own is None:
        raise refused(KEY, "The private key does not belong to the certificate.", "Choose the key of this certificate.")
    # First of all: with such a signature no issuer can be recognised.
    _refuse_weak(own, CERTIFICATE)
    chain = _followed(own, held)
    last = chain[-1]
    root = _issuer(last, trusted)
    if complete and last.issuer != last.subject and root is None:
        raise refused(
            CHAIN,
            f"The certificate of the issuer “{name_of(last.issuer)}” is missing.",
            "Add the intermediate certificates that came with the certificate.",
        )
    for one in chain:
        _refuse_unfit(one, own, now)
    known = root is not None or last in trusted
    return Pair(key, tuple(chain), len(held) - len(chain), known)


def _followed(own: x509.Certificate, held: list[x509.Certificate]) -> list[x509.Certificate]:
    chain = [own]
    while len(chain) < CHAIN_MAX and (above := _issuer(chain[-1], held)) and above not in chain:
        chain.append(above)
    return chain


def _issuer(one: x509.Certificate, among: Iterable[x509.Certificate]) -> x509.Certificate | None:
    """Which of these has signed it; nobody for one that has signed itself."""
    if one.issuer == one.subject:
        return None
    return next((other for other in among if other.subject == one.issuer and _signed(one, other)), None)


def _signed(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _refuse_unfit(one: x509.Certificate, own: x509.Certificate, now: float) -> None:
    """Raises Invalid when nobody would accept it."""
    field = CERTIFICATE if one is own else CHAIN
    if one.not_valid_after_utc.timestamp() <= now:
        ended = day(one.not_valid_after_utc.timestamp())
        raise refused(field, f"The certificate of “{name_of(one.subject)}” ended on {ended}.")
    if one.not_valid_before_utc.timestamp() > now:
        begins = day(one.not_valid_before_utc.timestamp())
        raise refused(
            field,
            f"The certificate of “{name_of(one.subject)}” begins only on {begins}.",
            "Look whether the clock of this NAS is right.",
        )
    _refuse_weak(one, field)
    if one is own and not _is_for_servers(one):
        raise refused(field, "The certificate is not meant for servers.", "Get one for TLS servers.")


def _refuse_weak(one: x509.Certificate, field: str) -> None:
    """Raises Invalid for a signature that can be forged; a root's own signature does not matter."""
    if isinstance(one.signature_hash_algorithm, WEAK) and one.issuer != one.subject:
        raise refused(
            field, f"The certificate of “{name_of(one.subject)}” is signed in a way that nobody accepts any more."
        )


def _is_for_servers(one: x509.Certificate) -> bool:
    """Whether its extended key usage, if it has one, names TLS servers (RFC 5280 4.2.1.12)."""
    try:
        uses = one.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
    except x509.ExtensionNotFound:
        return True
    return isinstance(uses, x509.ExtendedKeyUsage) and bool(
        {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(uses)
    )


def _public(key: object) -> bytes:
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(serialization.Encoding.DER, info))  # type: ignore[attr-defined]


@cache
def _read_roots(file: Path, changed: float) -> tuple[x509.Certificate, ...]:
    found = []
    with warnings.catch_warnings(), contextlib.suppress(ValueError):
        # Roots have oddities of their own, e.g. a serial number of 0, which are no concern of ours.
        warnings.simplefilter("ignore")
        found = x509.load_pem_x509_certificates(file.read_bytes())
    return tuple(found)


def _roots(file: Path) -> tuple[x509.Certificate, ...]:
    try:
        return _read_roots(file, file.stat().st_mtime)
    except OSError:
        return ()


def is_known(content: bytes, roots: Path = ROOTS) -> bool:
    """Whether certificates of a PEM text lead to an issuer that common programs know. Raises ValueError."""
    held, trusted = x509.load_pem_x509_certificates(content), _roots(roots)
    last = _followed(held[0], held)[-1]
    return last in trusted or _issuer(last, trusted) is not None


def steps(content: bytes) -> list[dict[str, Any]]:
    """[{name, issuer, ends}] of each certificate of a PEM text, times in seconds since the epoch. Raises ValueError."""
    return [
        {"name": name_of(one.subject), "issuer": name_of(one.issuer), "ends": one.not_valid_after_utc.timestamp()}
        for one in x509.load_pem_x509_certificates(content)
    ]


def name_of(name: x509.Name) -> str:
    """A name as people know it: the common name, else the organisation."""
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        if parts := name.get_attributes_for_oid(kind):
            return str(parts[0].value)
    return name.rfc4514_string()
