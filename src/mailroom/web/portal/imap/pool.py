"""A few warm connections for each session, so that a page does not wait for signing in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from mailroom.core.problems import Problem, TooMany, Unavailable
from mailroom.web.portal.imap.link import DOWN, Link, Lost, TokenRefused
from mailroom.web.portal.sessions import Session

# No older: whoever was signed out or deactivated meanwhile is noticed at the next sign-in to IMAP.
AGE_MAX_S = 60.0
IDLE_EACH_MAX = 2
BUSY_EACH_MAX = 6

T = TypeVar("T")


class SessionEnded(Problem):
    """The token works no longer."""

    status = 401
    code = "signed_out"


class Pool:
    """Connections of all sessions. `connect` makes one; raises TokenRefused or Unavailable."""

    def __init__(
        self,
        connect: Callable[[str, str], Link] = Link,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connect, self.elapsed = connect, elapsed
        self.idle: dict[str, list[Link]] = {}
        self.busy: dict[str, int] = {}
        self.lock = threading.Lock()

    def run(self, session: Session, work: Callable[[Link], T], folder: bytes | None = None, *, once: bool = False) -> T:
        """Let `work` use a connection, best one that has `folder` open. Raises Problem.

        When a connection that was idle turns out to be dead, `work` is done again on a new one; with `once`, for work
        that must not be done twice, it gets a new one to begin with.
        """
        self._begin(session)
        try:
            link, fresh = (self._connect(session), True) if once else self._take(session, folder)
            try:
                found = work(link)
            except Lost as reason:
                link.close()
                if fresh:
                    raise Unavailable(DOWN, next="Try again in a few seconds.") from reason
                link = self._connect(session)
                found = self._once(link, work)
            except Problem:
                self._give_back(session, link)
                raise
            except BaseException:
                # Half an answer may be under way: its rest must not reach the next question.
                link.close()
                raise
            self._give_back(session, link)
            return found
        finally:
            self._end(session)

    def _once(self, link: Link, work: Callable[[Link], T]) -> T:
        try:
            return work(link)
        except Lost as reason:
            link.close()
            raise Unavailable(DOWN, next="Try again in a few seconds.") from reason
        except BaseException:
            link.close()
            raise

    def drop(self, session: Session) -> None:
        """End a session's idle connections."""
        with self.lock:
            gone = self.idle.pop(session.id, [])
        for link in gone:
            link.close()

    def sweep(self) -> None:
        """End what is too old."""
        now = self.elapsed()
        with self.lock:
            gone = [link for links in self.idle.values() for link in links if now - link.made > AGE_MAX_S]
            kept = {key: [link for link in links if link not in gone] for key, links in self.idle.items()}
            self.idle = {key: links for key, links in kept.items() if links}
        for link in gone:
            link.close()

    def _begin(self, session: Session) -> None:
        with self.lock:
            if self.busy.get(session.id, 0) >= BUSY_EACH_MAX:
                raise TooMany("Too many requests at once.", retry_after_s=1)
            self.busy[session.id] = self.busy.get(session.id, 0) + 1

    def _end(self, session: Session) -> None:
        with self.lock:
            left = self.busy.get(session.id, 1) - 1
            if left > 0:
                self.busy[session.id] = left
            else:
                self.busy.pop(session.id, None)

    def _take(self, session: Session, folder: bytes | None) -> tuple[Link, bool]:
        now = self.elapsed()
        with self.lock:
            links = self.idle.get(session.id, [])
            young = [link for link in links if now - link.made <= AGE_MAX_S]
            best = next((link for link in young if link.folder == folder), young[0] if young else None)
            if best is not None:
                links.remove(best)
        if best is not None:
            return best, False
        return self._connect(session), True

    def _connect(self, session: Session) -> Link:
        try:
            return self.connect(session.user, session.token)
        except TokenRefused:
            self.drop(session)
            from mailroom.web.portal import sessions

            sessions.forget(session)
            raise SessionEnded("You are signed out.", next="Sign in again.") from None

    def _give_back(self, session: Session, link: Link) -> None:
        with self.lock:
            links = self.idle.setdefault(session.id, [])
            young = self.elapsed() - link.made <= AGE_MAX_S
            keeps = young and not link.closed and len(links) < IDLE_EACH_MAX
            if keeps:
                links.append(link)
        if not keeps:
            link.close()


POOL = Pool()
