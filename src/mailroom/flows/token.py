"""The story of a token: an administrator gives a script a part of the own rights, for a while (decision 0012).

A token is `mrt1.PUBLIC.SECRET`. The public part finds it, the secret part proves it; of the secret only a digest is
kept. It works while it has not expired, was not revoked, and its maker still is an administrator of the host.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Callable
from typing import Any

from mailroom.core.clock import Clock, SystemClock
from mailroom.core.problems import Invalid, NotFound, Refused
from mailroom.core.scopes import DAYS_MAX, SCOPES
from mailroom.store.events import EventStore
from mailroom.store.tokens import Token, TokenStore

PREFIX = "mrt1."
SHAPE = re.compile(r"mrt1\.([0-9a-f]{12})\.([A-Za-z0-9_-]{43})")
PUBLIC_BYTES, SECRET_BYTES = 6, 32
DAY_S = 86_400.0
NAME_MAX = 60
LIVE_MAX = 200
# How often the last use is written down: a busy script must not write to the disk with each question.
NOTED_EVERY_S = 60.0
# So long an expired or revoked token is known for what it is, and a script that still has it is no guesser.
REMEMBERED_S = 30 * DAY_S
VALID, EXPIRED, REVOKED, DEAD, WRONG = "valid", "expired", "revoked", "dead", "wrong"
NO_DIGEST = "0" * 64


class Tokens:
    """Everything that can be done with tokens. is_admin: whether a user of the host is an administrator now."""

    def __init__(
        self, store: TokenStore, events: EventStore, is_admin: Callable[[str], bool], clock: Clock | None = None
    ) -> None:
        self.store, self.events, self.is_admin = store, events, is_admin
        self.clock = clock or SystemClock()
        self.turn = threading.Lock()

    def operations(self) -> dict[str, Callable[..., Any]]:
        """What the job process can be asked about tokens."""
        return {
            "tokens.list": self.listed,
            "tokens.create": self.create,
            "tokens.revoke": self.revoke,
            "tokens.check": self.check,
            "tokens.works": self.works,
        }

    def listed(self) -> dict[str, Any]:
        """{tokens: [...]}: those that work, and those that have stopped working by themselves; newest first."""
        return {"tokens": [self._facts(token) for token in self.store.all() if token.revoked is None]}

    def create(self, name: str, scopes: list[str], days: int, maker: str, who: str, where: str) -> dict[str, Any]:
        """A new token; `token` is told this once and never again. Raises Invalid or Refused.

        maker: for whom it speaks. who, where: by whom it is made, and from what address.
        """
        if not self.is_admin(maker):
            raise Refused(
                f"{maker} is no administrator of this host, and a token may never do more than its maker.",
                next="Name a member of administrators.",
            )
        with self.turn:
            self._refuse_bad(name, scopes, days)
            public, secret = secrets.token_hex(PUBLIC_BYTES), secrets.token_urlsafe(SECRET_BYTES)
            now = self.clock.now()
            token = Token(
                id=public,
                digest=_digest(secret),
                name=name,
                maker=maker,
                scopes=[scope for scope in SCOPES if scope in scopes],
                created=now,
                expires=now + days * DAY_S,
            )
            self.store.forget(now - REMEMBERED_S)
            self.store.add(token)
        allowed = ", ".join(token.scopes)
        self._tell(f"Made the token {name} of {maker} for {days} days: {allowed}.", who, where)
        return {**self._facts(token), "token": f"{PREFIX}{public}.{secret}"}

    def revoke(self, id: str, who: str, where: str) -> dict[str, Any]:
        """End a token at once. id: its public part, or its name. Raises NotFound."""
        with self.turn:
            live = [token for token in self.store.all() if token.revoked is None]
            token = next((one for one in live if id in (one.id, one.name)), None)
            if token is None:
                raise NotFound("There is no such token.", next="Look at the list of tokens.")
            self.store.revoke(token.id, self.clock.now())
        self._tell(f"Revoked the token {token.name} of {token.maker}.", who, where)
        return {"revoked": token.name}

    def check(self, token: str, address: str) -> dict[str, Any]:
        """{answer: valid | expired | revoked | dead | wrong, id, name, maker, scopes}; a good one is noted as used."""
        shaped = SHAPE.fullmatch(token)
        found = self.store.find(shaped[1]) if shaped else None
        digest = _digest(shaped[2] if shaped else "")
        if not hmac.compare_digest(found.digest if found else NO_DIGEST, digest) or found is None:
            return {"answer": WRONG, "id": "", "name": "", "maker": "", "scopes": []}
        answer, now = self._state(found), self.clock.now()
        if answer == VALID and (now - (found.used or 0.0) >= NOTED_EVERY_S or found.used_from != address):
            self.store.used(found.id, now, address)
        told = {"id": found.id, "name": found.name, "maker": found.maker, "scopes": found.scopes}
        return {"answer": answer, **told}

    def works(self, id: str) -> bool:
        """Whether the token with this public part still works."""
        found = self.store.find(id)
        return found is not None and self._state(found) == VALID

    def _state(self, token: Token) -> str:
        if token.revoked is not None:
            return REVOKED
        if token.expires <= self.clock.now():
            return EXPIRED
        return VALID if self.is_admin(token.maker) else DEAD

    def _refuse_bad(self, name: str, scopes: list[str], days: int) -> None:
        fields = {}
        live = [token for token in self.store.all() if self._state(token) == VALID]
        if not name.strip() or name != name.strip() or len(name) > NAME_MAX or not name.isprintable():
            fields["name"] = f"Give it a name of at most {NAME_MAX} characters."
        elif name.casefold() in [token.name.casefold() for token in live]:
            fields["name"] = "There is a token of this name. Choose another name, or revoke that one first."
        elif len(live) >= LIVE_MAX:
            fields["name"] = f"There are {LIVE_MAX} tokens. Revoke those that nobody uses."
        if not scopes or set(scopes) - set(SCOPES):
            fields["scopes"] = f"Choose from {', '.join(SCOPES)}."
        if not 1 <= days <= DAYS_MAX:
            fields["days"] = f"A token lives from 1 to {DAYS_MAX} days."
        if fields:
            first = next(iter(fields))
            raise Invalid(fields[first], field=first, fields=fields)

    def _facts(self, token: Token) -> dict[str, Any]:
        names = ("id", "name", "maker", "scopes", "created", "expires", "used", "used_from")
        return {**{name: getattr(token, name) for name in names}, "state": self._state(token)}

    def _tell(self, text: str, who: str, where: str) -> None:
        self.events.add("token", text, who=who, where=where)


def _digest(secret: str) -> str:
    # No salt and one round: the secret is 32 random bytes, which nobody finds by trying.
    return hashlib.sha256(secret.encode()).hexdigest()
