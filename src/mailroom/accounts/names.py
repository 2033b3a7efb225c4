"""Which of the host's user names can be the local part of a mail address (row AC07)."""

from __future__ import annotations

import re

# A subset of RFC 5321's Dot-string that is also a safe folder name and needs no quoting anywhere.
LOCAL_PART = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_-])?")
LENGTH_MAX = 64


def key_of(name: str) -> str:
    """The one spelling under which an account is known: mail addresses do not distinguish case here."""
    return name.lower()


def why_unusable(name: str) -> str:
    """Why this name cannot be used as a mail address, or "" when it can (RFC 5321 4.1.2, 4.5.3.1.1)."""
    key = key_of(name)
    if len(key) > LENGTH_MAX:
        return f"The name is longer than {LENGTH_MAX} characters."
    if not key.isascii():
        return "The name has characters that are not allowed in a mail address here. Use plain letters and digits."
    if not LOCAL_PART.fullmatch(key) or ".." in key:
        return "A mail address may only have letters, digits, dots, dashes and underscores, with no dot at an end."
    return ""


def split_login(login: str) -> tuple[str, str]:
    """(name, domain) of what a person typed as user name; domain is "" when none was typed."""
    name, _, domain = login.strip().rpartition("@") if "@" in login else (login.strip(), "", "")
    return name, domain.lower()
