"""What Postfix looks up about a domain before it sends mail there (X06-07): the table that flows/tls_policy.py answers.

alone       a domain -> what is to be demanded of its mail servers (smtp_tls_policy_maps)
after-dane  the same where mail servers are checked by DANE, which goes before
"""

from __future__ import annotations

import re
from typing import Protocol

from mailroom.filtering.socketmap import NOT_FOUND

AFTER_DANE = "after-dane"
# Postfix asks for ".parent" domains and for servers that are named outright, too: nothing is announced for those.
DOMAIN = re.compile(r"(?=.{4,240}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.I)


class Policies(Protocol):
    """Who knows what domains announce."""

    async def answer(self, domain: str, after_dane: bool) -> str:
        """What is to be demanded, "" for nothing. domain: in lower case."""
        ...


async def answer(table: str, key: str, policies: Policies) -> str:
    """The answer for one key."""
    if not DOMAIN.fullmatch(key):
        return NOT_FOUND
    found = await policies.answer(key.lower(), table == AFTER_DANE)
    return f"OK {found}" if found else NOT_FOUND
