"""Which of the host's user names can be the local part of a mail address (row AC07)."""

from __future__ import annotations

from mailroom.core.address import local_part_fault


def key_of(name: str) -> str:
    """The one spelling under which an account is known: mail addresses do not distinguish case here."""
    return name.lower()


def why_unusable(name: str) -> str:
    """Why this name cannot be used as a mail address, or "" when it can (RFC 5321 4.1.2, 4.5.3.1.1)."""
    return local_part_fault(key_of(name))


def split_login(login: str) -> tuple[str, str]:
    """(name, domain) of what a person typed as user name; domain is "" when none was typed."""
    name, _, domain = login.strip().rpartition("@") if "@" in login else (login.strip(), "", "")
    return name, domain.lower()
