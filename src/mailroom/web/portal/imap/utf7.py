"""Folder names on the wire: modified UTF-7 (RFC 3501 5.1.3)."""

from __future__ import annotations

import base64
import binascii
import re

SHIFTED = re.compile(r"&([^&-]*)-")
FOREIGN = re.compile(r"[^\x20-\x7e]+|&")


def encode(name: str) -> bytes:
    """A folder's name as IMAP wants it. Lone surrogates, which no name can hold, become "?"."""

    def shifted(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        data = base64.b64encode(found[0].encode("utf-16-be", "replace")).rstrip(b"=")
        return f"&{data.decode().replace('/', ',')}-"

    return FOREIGN.sub(shifted, name).encode("ascii")


def decode(raw: bytes) -> str:
    """A name from IMAP in plain letters; one that is badly encoded is shown as it came."""

    def plain(found: re.Match[str]) -> str:
        if not found[1]:
            return "&"
        text = found[1].replace(",", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-16-be")

    try:
        name = SHIFTED.sub(plain, raw.decode("ascii"))
        return name if encode(name) == raw else raw.decode("ascii")
    except (UnicodeDecodeError, binascii.Error):
        return raw.decode("latin-1")
