"""Tokens with which the portal signs in to IMAP and submission for a user who has signed in to it."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

PREFIX = "mrs1."
SHAPE = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{43}")
LIFE_S = 12 * 3_600.0
PER_USER_MAX = 50


@dataclass(frozen=True)
class Session:
    """Whose token it is, and until when (seconds since the epoch)."""

    user: str
    until_s: float


class Sessions:
    """Open sessions, in memory only: a restart closes them all. Only digests are kept, never a token."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.open_sessions: dict[bytes, Session] = {}

    def open(self, user: str) -> str:
        """A new token for this user; the user's oldest session ends when there are too many."""
        self._forget_old()
        own = [digest for digest, session in self.open_sessions.items() if session.user == user]
        for digest in own[: max(0, len(own) - PER_USER_MAX + 1)]:
            del self.open_sessions[digest]
        token = PREFIX + secrets.token_urlsafe(32)
        self.open_sessions[_digest(token)] = Session(user, self.now() + LIFE_S)
        return token

    def close(self, token: str) -> bool:
        """End a session; whether it was open."""
        return self.open_sessions.pop(_digest(token), None) is not None

    def is_open(self, user: str, token: str) -> bool:
        """Whether this is an open session of this very user."""
        session = self.open_sessions.get(_digest(token))
        return session is not None and session.user == user and session.until_s > self.now()

    def _forget_old(self) -> None:
        now = self.now()
        self.open_sessions = {key: session for key, session in self.open_sessions.items() if session.until_s > now}


def is_token(password: str) -> bool:
    """Whether this has the form of a token: such a password is never handed to the host."""
    return SHAPE.fullmatch(password) is not None


def _digest(token: str) -> bytes:
    # The token itself is random, so looking its digest up tells an attacker's stopwatch nothing.
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
