"""Mail addresses as this server knows them (RFC 5321 4.1.2, 4.5.3.1.1)."""

from __future__ import annotations

import re

from mailroom.core.mailbox import mailbox

# A subset of RFC 5321's Dot-string that is also a safe folder name and needs no quoting anywhere.
LOCAL_PART = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_-])?")
LENGTH_MAX = 64
ADDRESS_LENGTH_MAX = 254
# Of others: a Dot-string. What begins with "-" would be an option to some program, with "/" or "|" a file or a command.
ATOM = r"[a-z0-9!#$%&'*+/=?^_`{}~-]"
FOREIGN = re.compile(rf"(?=[^-/]){ATOM}+(\.{ATOM}+)*", re.I)
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# What parts a name and its extension (X06-01), by the setting's choices.
SEPARATORS = {"none": "", "plus": "+", "minus": "-"}
DOMAIN = re.compile(rf"({LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?", re.I)


def local_part_fault(name: str) -> str:
    """Why a name in lower case cannot stand before the @ of an address of this server, or "" when it can."""
    if len(name) > LENGTH_MAX:
        return f"The name is longer than {LENGTH_MAX} characters."
    if not name.isascii():
        return "The name has characters that are not allowed in a mail address here. Use plain letters and digits."
    if not LOCAL_PART.fullmatch(name) or ".." in name:
        return "A mail address may only have letters, digits, dots, dashes and underscores, with no dot at an end."
    return ""


def is_address(text: str) -> bool:
    """Whether a text is one whole address, without a name or brackets around it."""
    local, at, domain = text.rpartition("@")
    return (
        bool(at)
        and len(text) <= ADDRESS_LENGTH_MAX
        and len(local) <= LENGTH_MAX
        and FOREIGN.fullmatch(local) is not None
        and DOMAIN.fullmatch(domain) is not None
    )


def foreign(text: str) -> str:
    """The address of another server that a text names, in its one spelling, or "" when it is none (mailbox.py).

    Mail to a local part outside ASCII needs SMTPUTF8, and what is passed on came without (decision 0034). What begins
    with "-" would be an option to some program, with "/", "|" or ":" a file, a command or a list.
    """
    found = mailbox(text)
    if found is None or not found.local.isascii() or found.local[0] in "-/|:\\":
        return ""
    return normal(found.address)


def normal(address: str) -> str:
    """The one spelling of an address: its domain in lower case (RFC 5321 2.4)."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def without_extension(address: str, separator: str) -> str:
    """ben@example.com for ben+shop@example.com. separator: one character, or "" when addresses have no extensions."""
    local, at, domain = address.rpartition("@")
    # As Postfix does it (recipient_delimiter): from the first separator on, but never the whole name.
    name = local.partition(separator)[0] if separator else local
    return f"{name}{at}{domain}" if name else address
