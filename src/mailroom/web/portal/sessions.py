"""Who is signed in to the portal. The cookie holds name and token; the sign-in service alone knows whether it is good.

The key of the CSRF tokens is in the run folder of the web process: it must outlive a restart of this process, so that
an open page goes on working, but not of the machine, which ends all sessions anyway; and the folder of the server's
secrets is root's alone, which this process is not.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mailroom.accounts.signin.sessions import LIFE_S, SHAPE
from mailroom.core import paths
from mailroom.core.net import counted_as
from mailroom.core.problems import TooMany
from mailroom.web import asking

COOKIE = "mailroom"
PATH = "/mail"
NAME = re.compile(r"[a-z0-9._-]{1,64}")
KEY_FILE = paths.SERVE_SOCKET.parent / "csrf-key"
KEY_BYTES = 32
# So long a token that worked is believed; one that was closed or whose owner was deactivated works no longer.
PROVEN_S = 2.0
# So long after that it is asked about in any case.
SPARED_S = 600.0
# After a restart of the sign-in service every open page of an office shows a cookie that works no longer, a few times.
MISSES_MAX, MISSES_FOR_S, ADDRESSES_MAX = 200, 60.0, 10_000


class Misses:
    """Cookies that did not work, by address. They cannot be guessed; this bounds what inventing them costs."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.until = 0.0

    def refuse(self, address: str, now: float) -> None:
        """Raises TooMany for an address that has shown too many."""
        if now >= self.until:
            self.counts, self.until = {}, now + MISSES_FOR_S
        if self.counts.get(counted_as(address), 0) >= MISSES_MAX:
            wait_s = max(1, round(self.until - now))
            raise TooMany("Too many sessions that have ended.", retry_after_s=wait_s, next="Wait, then try again.")

    def add(self, address: str, now: float) -> None:
        """One more."""
        if len(self.counts) < ADDRESSES_MAX:
            self.counts[counted_as(address)] = self.counts.get(counted_as(address), 0) + 1


_misses = Misses()
_proven: dict[str, float] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in. token: the password for IMAP and submission, from this machine only."""

    user: str
    token: str

    @property
    def id(self) -> str:
        """A name for this session that tells nothing."""
        return hashlib.sha256(f"{self.user} {self.token}".encode()).hexdigest()


def from_cookie(header: str) -> Session | None:
    """The session that a request's Cookie header names."""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    held = next((value for name, _, value in pairs if name == COOKIE), "")
    user, _, token = held.partition(":")
    return Session(user, token) if NAME.fullmatch(user) and SHAPE.fullmatch(token) else None


def cookie(session: Session | None, secure: bool) -> str:
    """The Set-Cookie header of this session; None ends it."""
    value, life_s = (f"{session.user}:{session.token}", int(LIFE_S)) if session else ("", 0)
    end = "; Secure" if secure else ""
    return f"{COOKIE}={value}; Path={PATH}; Max-Age={life_s}; HttpOnly; SameSite=Strict{end}"


def csrf(session: Session) -> str:
    """The token that the session's pages send with each change."""
    return hmac.new(_key(KEY_FILE), session.id.encode(), hashlib.sha256).hexdigest()


def is_csrf(session: Session | None, given: str) -> bool:
    """Whether `given` is the session's CSRF token."""
    return session is not None and hmac.compare_digest(csrf(session).encode(), given.encode())


def proven(session: Session, address: str) -> bool:
    """Whether the token works. address: the client's, for which cookies that do not work are counted.

    Raises TooMany, and Unavailable when it cannot be told now.
    """
    now = time.monotonic()
    with _lock:
        until = _proven.get(session.id, float("-inf"))
        if until > now:
            return True
        # Whoever invents cookies behind an office's router shuts out nobody whose session worked lately.
        if now - until > SPARED_S:
            _misses.refuse(address, now)
    # Not by signing in to IMAP, which costs a process: whoever invents cookies would keep the mailboxes busy.
    if not asking.portal_is_open(session.user, session.token):
        from mailroom.web.portal.imap import pool

        pool.POOL.drop(session)
        with _lock:
            _proven.pop(session.id, None)
            _misses.add(address, now)
        return False
    with _lock:
        if len(_proven) > 10_000:
            _proven.clear()
        _proven[session.id] = now + PROVEN_S
    return True


def forget(session: Session) -> None:
    """It is closed, or has turned out to be."""
    with _lock:
        _proven.pop(session.id, None)


@cache
def _key(file: Path) -> bytes:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = file.read_bytes()
        if len(key) == KEY_BYTES:
            return key
        # Half written when this process was killed: nobody has a token of it.
        file.unlink()
        return _key.__wrapped__(file)
    with os.fdopen(handle, "wb") as out:
        key = os.urandom(KEY_BYTES)
        out.write(key)
    return key
