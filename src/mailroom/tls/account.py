"""The key of our account at certificate authorities: made once, for root alone."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mailroom.core import paths

FILE = paths.SECRETS / "acme-account.pem"


def key(file: Path = FILE) -> ec.EllipticCurvePrivateKey:
    """The key in `file`, made when there is none. Raises OSError, ValueError (it is damaged)."""
    try:
        found = serialization.load_pem_private_key(file.read_bytes(), None)
    except FileNotFoundError:
        return _made(file)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise ValueError(file.name)
    return found


def _made(file: Path) -> ec.EllipticCurvePrivateKey:
    made = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    content = made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.rename(file)
    return made
