"""A certificate that somebody brings: PEM or PKCS #12, whatever the order, read into one key and the certificates.

What is wrong is told at the field at fault (Invalid.field): certificate, key, chain or password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from mailroom.core.problems import Invalid

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
CERTIFICATE, KEY, CHAIN, PASSWORD = "certificate", "key", "chain", "password"
# RFC 7468 and, for the keys with a name of their algorithm, the older forms of OpenSSL.
KEY_BEGIN = re.compile(rb"-----BEGIN ([A-Z ]{0,40}PRIVATE KEY)-----")
KEYS_MAX = 10
SEALED = re.compile(rb"BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED")
RSA_BITS_MIN, RSA_BITS_MAX = 2048, 8192
CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True)
class Files:
    """What was brought, as it came. certificate may be a PKCS #12 file, or PEM that holds chain and key as well."""

    certificate: bytes
    key: bytes = b""
    chain: bytes = b""
    password: str = ""


def refused(field: str, sentence: str, next_step: str | None = None) -> Invalid:
    """What is wrong with one field."""
    return Invalid(sentence, field=field, fields={field: sentence}, next=next_step)


def read(files: Files) -> tuple[Key, list[x509.Certificate]]:
    """(key, all certificates in the order in which they came). Raises Invalid."""
    if not files.certificate.strip():
        raise refused(CERTIFICATE, "Choose the file of the certificate.")
    if b"-----BEGIN " not in files.certificate and (found := _pkcs12(files)):
        key, certificates = found
    else:
        certificates = _certificates(files.certificate, CERTIFICATE)
        key = _key(files)
    if files.chain.strip():
        certificates += _certificates(files.chain, CHAIN)
    return strong(key), certificates


def _pkcs12(files: Files) -> tuple[object, list[x509.Certificate]] | None:
    """What a PKCS #12 file holds (RFC 7292); None when it is none."""
    if _is_certificate(files.certificate):
        return None
    try:
        held = pkcs12.load_pkcs12(files.certificate, files.password.encode() or None)
    except (ValueError, UnsupportedAlgorithm) as reason:
        if "password" not in str(reason).lower():
            raise refused(CERTIFICATE, "This is neither a PEM file with a certificate nor a PKCS #12 file.") from None
        raise _wrong_password(files.password) from None
    if held.cert is None or held.key is None:
        raise refused(CERTIFICATE, "The PKCS #12 file does not hold a certificate together with its private key.")
    return held.key, [held.cert.certificate, *(one.certificate for one in held.additional_certs)]


def _is_certificate(content: bytes) -> bool:
    """Whether this is a bare certificate (DER)."""
    try:
        x509.load_der_x509_certificate(content)
    except ValueError:
        return False
    return True


def _certificates(content: bytes, field: str) -> list[x509.Certificate]:
    try:
        if b"-----BEGIN " not in content:
            return [x509.load_der_x509_certificate(content)]
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise refused(field, "No certificate can be read from this file.", "Choose a PEM file.") from None


def _key(files: Files) -> object:
    """The private key, from its own file or from the one of the certificate."""
    content = files.key if files.key.strip() else files.certificate
    block = _key_block(content)
    if block is None and not files.key.strip():
        raise refused(KEY, "Choose the file of the private key: the certificate's file does not hold it.")
    if block is None and b"-----BEGIN " in content:
        raise refused(KEY, "This file holds no private key.")
    sealed = block is not None and SEALED.search(block) is not None
    if sealed and not files.password:
        raise _wrong_password("")
    try:
        password = files.password.encode() if sealed else None
        if block is not None:
            return serialization.load_pem_private_key(block, password)
        return serialization.load_der_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if sealed:
            raise _wrong_password(files.password) from None
        raise refused(KEY, "No private key can be read from this file.", "Choose a PEM file.") from None


def _key_block(content: bytes) -> bytes | None:
    """The first private key of a PEM text, with its first and last line (RFC 7468)."""
    for begin in islice(KEY_BEGIN.finditer(content), KEYS_MAX):
        last = b"-----END " + begin[1] + b"-----"
        end = content.find(last, begin.end())
        if end >= 0:
            return content[begin.start() : end + len(last)]
    return None


def _wrong_password(given: str) -> Invalid:
    if given:
        return refused(PASSWORD, "The private key cannot be opened with this password.")
    return refused(PASSWORD, "The private key is encrypted: enter its password.")


def strong(key: object) -> Key:
    """The key, when other servers and mail programs take it. Raises Invalid."""
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < RSA_BITS_MIN:
            raise refused(KEY, f"An RSA key of {key.key_size} bits is too weak: {RSA_BITS_MIN} is the least.")
        if key.key_size > RSA_BITS_MAX:
            raise refused(KEY, f"An RSA key of {key.key_size} bits is too long: {RSA_BITS_MAX} is the most.")
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return key
    raise refused(KEY, "Mail servers do not understand this kind of key: use RSA, or ECDSA with P-256 or P-384.")
