"""Secrets at rest, sealed with a key that only root may read; and in files that leave the server, by a passphrase."""

from __future__ import annotations

import base64
import hmac
import os
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from mailroom.core import paths
from mailroom.core.problems import Problem
from mailroom.core.sealed import PREFIX

KEY_FILE = paths.SECRETS / "key"
KEY_BYTES, NONCE_BYTES = 32, 12
MODE = 0o600
SALT_BYTES = 16
# What a guess costs: 64 MB and about 0.3 s on a NAS (RFC 7914; OWASP's second choice for scrypt).
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**16, 8, 2


def seal(secret: str, name: str, key_file: Path | None = None) -> str:
    """`secret` as text that may be stored (AES-256-GCM, NIST SP 800-38D).

    name: what the secret is for, e.g. "delivery.relay.password"; it can be unsealed under this name only, so that a
    stored secret cannot be moved to where it would be shown or sent elsewhere. The key is made at first use.
    """
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(_key(key_file or KEY_FILE)).encrypt(nonce, secret.encode(), name.encode())
    return PREFIX + base64.b64encode(nonce + sealed).decode()


def unseal(sealed: str, name: str, key_file: Path | None = None) -> str:
    """The secret that `seal` was given under the same `name`. Raises Problem when it cannot be had."""
    try:
        if not sealed.startswith(PREFIX):
            raise ValueError(name)
        raw = base64.b64decode(sealed.removeprefix(PREFIX), validate=True)
        return AESGCM(_key(key_file or KEY_FILE)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], name.encode()).decode()
    except (InvalidTag, ValueError):
        raise Problem(
            "A stored secret cannot be read with this server's key.",
            code="unsealing_failed",
            setting=name,
            next="Enter it again.",
        ) from None


def key_of(passphrase: str, salt: bytes) -> bytes:
    """The key that a passphrase stands for. It is the same however the keyboard composes its letters (NFC)."""
    text = unicodedata.normalize("NFC", passphrase).encode()
    return Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(text)


def close_with(key: bytes, text: str, name: str, bound: bytes = b"") -> str:
    """`text` as it may leave the server (AES-256-GCM); opened with this key, `name` and `bound` only."""
    nonce = os.urandom(NONCE_BYTES)
    closed = AESGCM(key).encrypt(nonce, text.encode(), name.encode() + b"\0" + bound)
    return base64.b64encode(nonce + closed).decode()


def open_with(key: bytes, closed: str, name: str, bound: bytes = b"") -> str:
    """What `close_with` was given. Raises ValueError when key, name or bound are others, or it was changed."""
    try:
        raw = base64.b64decode(closed, validate=True)
        opened = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], name.encode() + b"\0" + bound)
    except InvalidTag:
        raise ValueError(name) from None
    return opened.decode()


def derived(name: str, key_file: Path | None = None) -> bytes:
    """A key of its own for one purpose, always the same on this server; it tells nothing of the others."""
    return hmac.digest(_key(key_file or KEY_FILE), b"derived\0" + name.encode(), "sha256")


def _key(file: Path) -> bytes:
    """The key, made when there is none yet: whole and on disk before it gets its name."""
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        key = _new_key(file)
    if len(key) != KEY_BYTES:
        raise Problem(f"The key {file.name} is damaged.", code="key_damaged", next="Put it back from a backup.")
    return key


def _new_key(file: Path) -> bytes:
    fresh = file.with_name(f".{file.name}-{os.getpid()}-{os.urandom(4).hex()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(handle, "wb") as out:
        out.write(os.urandom(KEY_BYTES))
        out.flush()
        os.fsync(out.fileno())
    try:
        # A link, not a rename: when another process was first, its key stays.
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return file.read_bytes()
