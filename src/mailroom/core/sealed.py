"""Secrets (`widget="secret"`), settings or fields of a list's items: sealed as they come in, and never shown again.

A revision holds the sealed text. What is told of one, in a page, a difference, the history or an answer, is only
whether it is set: {"set": true}. The same may be sent back and means "as it is"; text is a new secret, "" none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

WIDGET = "secret"
# How sealed text begins (core/secrets.py).
PREFIX = "sealed:1:"
# What the daemons' files hold in its place, and what a difference of files shows of it.
IN_FILES = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9+/=]+")
SHOWN_IN_FILES = "********"
DIGEST_LETTERS = 32
# Stands for a secret that is kept while the other values are checked.
KEPT = "kept"


class Sealed(str):
    """A secret as a revision holds it. What comes from outside is never of this type, so nobody can hand one in."""


def is_sealed(value: Any) -> bool:
    """Whether this is what `seal` gives back."""
    return isinstance(value, str) and IN_FILES.fullmatch(value) is not None


def mask(value: Any, *, another: bool = False) -> dict[str, bool]:
    """What may be told of a secret. another: it is not the one that was there before."""
    return {"set": bool(value), **({"another": True} if another and value else {})}


def is_mask(value: Any) -> bool:
    """Whether a wanted value is what was told before, sent back."""
    return isinstance(value, dict) and isinstance(value.get("set"), bool) and set(value) <= {"set", "another"}


def each(
    page: str, values: dict[str, Any], where: Mapping[str, frozenset[str]], change: Callable[[str, Any], Any]
) -> dict[str, Any]:
    """The values of a page with `change(name, value)` in place of each secret.

    where: {setting: the secret fields of its items, none when the setting itself is the secret}. A name is PAGE.KEY, of
    an item's field PAGE.KEY/ID/FIELD. An edit of a list is followed like the list.
    """
    found = dict(values)
    for key in where.keys() & values.keys():
        value = values[key]
        if not where[key]:
            found[key] = change(f"{page}.{key}", value)
        elif isinstance(value, dict) and isinstance(value.get("put"), list):
            found[key] = {**value, "put": _items(f"{page}.{key}", value["put"], where[key], change)}
        elif isinstance(value, list):
            found[key] = _items(f"{page}.{key}", value, where[key], change)
    return found


def _items(name: str, items: list[Any], fields: frozenset[str], change: Callable[[str, Any], Any]) -> list[Any]:
    return [
        {**one, **{field: change(f"{name}/{one.get('id', '')}/{field}", one[field]) for field in fields & one.keys()}}
        if isinstance(one, dict)
        else one
        for one in items
    ]


def seal(text: str, name: str) -> str:
    """A new secret as a revision holds it; "" stays "". name: see `each`. Raises Problem when there is no key."""
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


def digest(value: str) -> str:
    """Which sealed text this is, for a file that leaves: it says nothing of the secret, and nobody can work it out."""
    return hashlib.sha256(value.encode()).hexdigest()[:DIGEST_LETTERS]


def hidden_in(text: str) -> str:
    """A daemon's file as people may see it."""
    return IN_FILES.sub(SHOWN_IN_FILES, text)
