"""Tokens with which the portal signs in to IMAP and submission for a user who has signed in to it."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PREFIX = "mrs1."
SHAPE = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{43}")
LIFE_S = 12 * 3_600.0
PER_USER_MAX = 50


@dataclass(frozen=True)
class Session:
    """Whose token it is, since and until when (seconds since the epoch). address: where it was opened."""

    user: str
    until_s: float
    opened_s: float = 0.0
    address: str = ""


class Sessions:
    """Open sessions, in memory only: a restart closes them all. Only digests are kept, never a token."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.open_sessions: dict[bytes, Session] = {}

    def open(self, user: str, address: str = "") -> str:
        """A new token for this user; the user's oldest session ends when there are too many."""
        self._forget_old()
        own = [digest for digest, session in self.open_sessions.items() if session.user == user]
        for digest in own[: max(0, len(own) - PER_USER_MAX + 1)]:
            del self.open_sessions[digest]
        token, now = PREFIX + secrets.token_urlsafe(32), self.now()
        self.open_sessions[_digest(token)] = Session(user, now + LIFE_S, now, address)
        return token

    def close(self, token: str) -> bool:
        """End a session; whether it was open."""
        return self.open_sessions.pop(_digest(token), None) is not None

    def close_id(self, id: str) -> str:
        """End the session with this id; whose it was, "" when it was not open."""
        digest = next((one for one in self.open_sessions if _id(one) == id), None)
        return self.open_sessions.pop(digest).user if digest is not None else ""

    def close_all(self, user: str) -> int:
        """End every session of a user; how many there were."""
        own = [digest for digest, session in self.open_sessions.items() if session.user == user]
        for digest in own:
            del self.open_sessions[digest]
        return len(own)

    def is_open(self, user: str, token: str) -> bool:
        """Whether this is an open session of this very user."""
        session = self.open_sessions.get(_digest(token))
        return session is not None and session.user == user and session.until_s > self.now()

    def listed(self) -> list[dict[str, Any]]:
        """[{id, user, opened, until, address}] of all open sessions, the newest first."""
        self._forget_old()
        found = [
            {
                "id": _id(digest),
                "user": session.user,
                "opened": session.opened_s,
                "until": session.until_s,
                "address": session.address,
            }
            for digest, session in self.open_sessions.items()
        ]
        return found[::-1]

    def _forget_old(self) -> None:
        now = self.now()
        self.open_sessions = {key: session for key, session in self.open_sessions.items() if session.until_s > now}


def is_token(password: str) -> bool:
    """Whether this has the form of a token: such a password is never handed to the host."""
    return SHAPE.fullmatch(password) is not None


def id_of(token: str) -> str:
    """The name of a token's session, which opens nothing."""
    return _id(_digest(token))


def _id(digest: bytes) -> str:
    return hashlib.sha256(digest).hexdigest()[:16]


def _digest(token: str) -> bytes:
    # The token itself is random, so looking its digest up tells an attacker's stopwatch nothing.
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
