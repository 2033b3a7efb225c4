"""What was opened ends when its ground ends: the one table, and who reads it.

A ground is why somebody may have something open; a kind is what is open. What ends a kind, in at most 10 s:

CLOSED  the sign-in service closes the tokens of the portal's sessions; requests, IMAP and sending ask it each time
KICKED  Dovecot ends the connections (doveadm-kick(1)); event streams of the portal hold one
MARKED  the account table says that what was opened before is over: the filter answers 421 to an SMTP connection's next
        command that matters, and the web process refuses the window's session
ASKED   it is asked with each request; event streams of the window and of scripts are asked again every 3 s

A token of the API works for its maker: it ends with what makes that user no administrator, not with a new password.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mailroom.store.accounts import ACTIVATE, Account

CLOSED, KICKED, MARKED, ASKED = "closed", "kicked", "marked", "asked"
MAIL = {"portal": CLOSED, "portal_stream": KICKED, "imap": KICKED, "pop3": KICKED, "smtp": MARKED}
WINDOW = {"window": MARKED, "window_stream": ASKED}
SCRIPT = {"api": ASKED, "api_stream": ASKED}
PASSWORD_CHANGED, DISABLED, GONE = "password_changed", "disabled", "gone"
DEACTIVATED, SEAT_LOST, ENDED = "deactivated", "seat_lost", "ended"
ROLE_LOST, TOKEN_REVOKED = "role_lost", "token_revoked"
# {ground: {kind: what ends it}}.
TABLE: dict[str, dict[str, str]] = {
    PASSWORD_CHANGED: MAIL | WINDOW,
    DISABLED: MAIL | WINDOW | SCRIPT,
    GONE: MAIL | WINDOW | SCRIPT,
    DEACTIVATED: MAIL,
    SEAT_LOST: MAIL,
    # Somebody has ended all that a user has open.
    ENDED: MAIL | WINDOW,
    ROLE_LOST: {"window": ASKED, "window_stream": ASKED, **SCRIPT},
    TOKEN_REVOKED: SCRIPT,
}
WORDS = {
    PASSWORD_CHANGED: "the password was changed",
    DISABLED: "the user was disabled",
    GONE: "the host no longer lists the user",
    DEACTIVATED: "the user was deactivated",
    SEAT_LOST: "the seat was lost",
    ENDED: "an administrator or the user has ended it",
}


def ends_window(ground: str) -> bool:
    """Whether sessions of the window end with it."""
    return "window" in TABLE[ground]


def lost(before: Iterable[Account], after: Iterable[Account]) -> Iterator[tuple[Account, str]]:
    """(account as it was, ground) for each account that has lost one."""
    now = {account.key: account for account in after}
    for old in before:
        ground = _lost(old, now.get(old.key))
        if ground:
            yield old, ground


def marked(accounts: Iterable[Account], grounds: Mapping[str, str], now: float) -> list[Account]:
    """The same accounts; what those had open that have lost a ground ({key: ground}) is over. now: since the epoch."""
    return [_over(account, grounds[account.key], now) if account.key in grounds else account for account in accounts]


def _over(account: Account, ground: str, now: float) -> Account:
    return replace(account, ended_mail=now, ended_window=now if ends_window(ground) else account.ended_window)


def _lost(old: Account, new: Account | None) -> str:
    if new is None or new.uid != old.uid:
        return GONE
    if new.missing_since is not None and old.missing_since is None:
        return GONE
    if new.disabled and not old.disabled:
        return DISABLED
    if _is_another(old.password_mark, new.password_mark):
        return PASSWORD_CHANGED
    if old.active and not new.active:
        return DEACTIVATED if new.choice != ACTIVATE else SEAT_LOST
    return ""


def _is_another(old: str, new: str) -> bool:
    """Whether two marks are of one key and of different passwords."""
    return old != new and bool(old) and old.partition(":")[0] == new.partition(":")[0]
