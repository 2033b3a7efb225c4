"""Secret settings (`widget="secret"`): sealed as they come in, and never shown again.

A revision holds the sealed text. What is told of one, in a page, a difference, the history or an answer, is only
whether it is set: {"set": true}. The same may be sent back and means "as it is"; text is a new secret, "" none.
"""

from __future__ import annotations

import re
from typing import Any

WIDGET = "secret"
# How sealed text begins (core/secrets.py).
PREFIX = "sealed:1:"
# What the daemons' files hold in its place, and what a difference of files shows of it.
IN_FILES = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9+/=]+")
SHOWN_IN_FILES = "********"
# Stands for a secret that is kept while the other values are checked.
KEPT = "kept"


class Sealed(str):
    """A secret as a revision holds it. What comes from outside is never of this type, so nobody can hand one in."""


def mask(value: Any, *, another: bool = False) -> dict[str, bool]:
    """What may be told of a secret. another: it is not the one that was there before."""
    return {"set": bool(value), **({"another": True} if another and value else {})}


def is_mask(value: Any) -> bool:
    """Whether a wanted value is what was told before, sent back."""
    return isinstance(value, dict) and isinstance(value.get("set"), bool) and set(value) <= {"set", "another"}


def seal(text: str, name: str) -> str:
    """A new secret as a revision holds it; "" stays "". name: PAGE.KEY. Raises Problem when there is no key."""
    if not text:
        return ""
    # Here, because cryptography costs megabytes and a moment, and most processes never seal.
    from mailroom.core import secrets

    return Sealed(secrets.seal(text, name))


def plain(value: str, name: str) -> str:
    """The secret itself, for the daemon or flow that needs it. Raises Problem when this server's key does not fit."""
    if not value:
        return ""
    from mailroom.core import secrets

    return secrets.unseal(value, name)


def hidden_in(text: str) -> str:
    """A daemon's file as people may see it."""
    return IN_FILES.sub(SHOWN_IN_FILES, text)
