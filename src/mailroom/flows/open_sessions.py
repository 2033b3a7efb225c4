"""What users have open: listed, ended by hand, and ended when its ground ends (flows/session_grounds.py).

SMTP connections are not listed. No part of Postfix lists them; its log names a user only with a message, and the filter
learns of one only at MAIL FROM, so a list would lack who has signed in and waits. They end by their mark.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from mailroom.core import paths
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.line_socket import ask
from mailroom.core.problems import Invalid, NotFound, Problem
from mailroom.daemons.dovecot import connections
from mailroom.daemons.dovecot.connections import Connection
from mailroom.flows.session_grounds import ENDED, WORDS
from mailroom.store.accounts import Account, AccountStore
from mailroom.store.events import EventStore
from mailroom.store.window_sessions import WindowSessionStore

LOG = logging.getLogger("mailroom.sessions")
SIGNIN_LIMIT_S = 10.0
# A session of the window that was not used for so long is told no more.
WINDOW_SHOWN_S = 3_600.0
STARTED_ANEW_S = 60.0
PORTAL, WINDOW, PROTOCOLS = "portal", "window", ("imap", "pop3")
KINDS = (PORTAL, WINDOW, *PROTOCOLS)
LOOPBACK = "127.0.0.1"


class Mailboxes(Protocol):
    """Dovecot's connections. Both raise DaemonFailed."""

    def connections(self) -> list[Connection]: ...
    def kick(self, user: str, address: str = "") -> None: ...


def ask_signin(operation: str, **more: Any) -> Any:
    """A question to the sign-in service. Raises Problem."""
    return ask(paths.SIGNIN_SOCKET, {"op": operation, **more}, SIGNIN_LIMIT_S)


class OpenSessions:
    """Lists and ends. mark: writes into the account table that what a user had open is over (account.py)."""

    def __init__(
        self,
        store: WindowSessionStore,
        accounts: AccountStore,
        events: EventStore,
        mark: Callable[[str], Account | None],
        *,
        signin: Callable[..., Any] = ask_signin,
        mailboxes: Mailboxes = connections,
        clock: Clock | None = None,
    ) -> None:
        self.store, self.accounts, self.events, self.mark = store, accounts, events, mark
        self.signin, self.mailboxes, self.clock = signin, mailboxes, clock or SystemClock()
        # Users of whom something is still to be ended; at first what a process of before may not have come to.
        since = self.clock.now() - STARTED_ANEW_S
        self.waiting = {one.key for one in accounts.all() if one.ended_mail is not None and one.ended_mail > since}
        self.turn = threading.Lock()

    def operations(self) -> dict[str, Callable[..., Any]]:
        """For the job process."""
        return {
            "sessions.list": self.listed,
            "sessions.end": self.end,
            "sessions.end_all": self.end_all,
            "sessions.window": self.window,
        }

    def listed(self, user: str = "") -> dict[str, Any]:
        """{sessions: [{kind, id, user, opened, address, connections}]} of one user, or of all.

        opened: seconds since the epoch, None when that is not known. connections: how many, of IMAP and POP3.
        """
        found = [*self._portal(), *self._window(), *self._mailboxes()]
        return {"sessions": [one for one in found if user in ("", one["user"])]}

    def end(self, kind: str, id: str, who: str, where: str, user: str = "") -> dict[str, Any]:
        """End one session. user: whose it has to be, "" for anybody's. Raises Invalid, NotFound or Unavailable."""
        if kind not in KINDS:
            raise Invalid(f"There is no kind {kind!r}.", field="kind", next=f"Use one of {', '.join(KINDS)}.")
        found = next((one for one in self.listed(user)["sessions"] if (one["kind"], one["id"]) == (kind, id)), None)
        if found is None:
            raise NotFound("This session is not open any more.", next="Look at the list again.")
        owner = str(found["user"])
        if kind == PORTAL:
            self.signin("session_end", id=id)
            # Its event stream holds a connection; those of the user's other sessions come back by themselves.
            self.mailboxes.kick(owner, LOOPBACK)
        elif kind == WINDOW:
            self.store.end(id)
        else:
            self.mailboxes.kick(owner, str(found["address"]))
        self.events.add("session", f"Ended a session of {owner} ({kind}).", who=who, where=where)
        return {"ended": 1}

    def end_all(self, user: str, who: str, where: str) -> dict[str, Any]:
        """End everything that a user has open, also what is not listed. Raises NotFound."""
        account = self.mark(user)
        if account is None:
            raise NotFound(f"There is no user {user!r}.", field="user")
        self.lost(account, ENDED, who=who, where=where)
        self.try_again()
        return {"ended": user}

    def lost(self, account: Account, ground: str, *, who: str = "Mailroom", where: str = "") -> None:
        """What had this ground is to be ended, by try_again; the account table is marked by now."""
        with self.turn:
            self.waiting.add(account.key)
        if ground == ENDED or account.active:
            self._tell(f"Ended what {account.name} had open: {WORDS[ground]}.", who, where)

    def try_again(self) -> None:
        """End what is left to be ended. What cannot be ended now stays for the next time."""
        with self.turn:
            left, self.waiting = self.waiting, set()
        for user in left:
            try:
                self.signin("sessions_end", user=user)
                self.mailboxes.kick(user)
            except Problem as reason:
                LOG.warning("not ended yet: %s", reason.message)
                with self.turn:
                    self.waiting.add(user)

    def window(self, user: str, id: str, address: str) -> dict[str, Any]:
        """{ended: bool} of a session of DSM that asks the window for something; it is noted as seen."""
        session = self.store.seen(id, user, address, self.clock.now())
        return {"ended": session.ended or session.user != user or self._is_over(user, session.opened)}

    def _portal(self) -> list[dict[str, Any]]:
        told = self.signin("open_sessions")["sessions"]
        return [_row(PORTAL, one["id"], one["user"], one["opened"], one["address"], None) for one in told]

    def _window(self) -> list[dict[str, Any]]:
        now = self.clock.now()
        return [
            _row(WINDOW, one.id, one.user, one.opened, one.address, None)
            for one in self.store.all()
            if now - one.seen <= WINDOW_SHOWN_S and not self._is_over(one.user, one.opened)
        ]

    def _is_over(self, user: str, opened: float) -> bool:
        account = self.accounts.find(user)
        return account is not None and account.ended_window is not None and opened <= account.ended_window

    def _mailboxes(self) -> list[dict[str, Any]]:
        """A row for each user, protocol and address. The portal's own connections belong to its sessions."""
        counted = Counter(
            (one.protocol, one.user, one.address)
            for one in self.mailboxes.connections()
            if one.protocol in PROTOCOLS and one.address != LOOPBACK
        )
        return [
            _row(protocol, f"{user} {address}", user, None, address, count)
            for (protocol, user, address), count in sorted(counted.items())
        ]

    def _tell(self, text: str, who: str, where: str) -> None:
        try:
            self.events.add("session", text, who=who, where=where)
        except Problem as reason:
            LOG.error("event not written: %s", reason.message)


def _row(kind: str, id: str, user: str, opened: float | None, address: str, count: int | None) -> dict[str, Any]:
    return {"kind": kind, "id": id, "user": user, "opened": opened, "address": address, "connections": count}
