"""Who has a seat and who waits (rows LI02, LI04, SW12, AC06)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mailroom.store.accounts import ACTIVATE, Account


def wants_seat(account: Account) -> bool:
    """Whether this account counts: activation was chosen, the host lets the user in, and the name can be an address.

    Deactivated and disabled users and names without mail cost nothing (LI04). A user who has just disappeared keeps the
    seat for the time of grace.
    """
    return account.choice == ACTIVATE and not account.disabled and not account.unusable


def assign(accounts: Iterable[Account], total: int) -> list[Account]:
    """The same accounts with seats given out.

    Who has a seat keeps it as long as it is wanted; free ones go to those who wait, first asked, first served. If there
    are fewer seats than before, the last to have asked give theirs back.
    """
    known = list(accounts)
    wanting = sorted((account for account in known if wants_seat(account)), key=_order)
    seated = {account.key for account in wanting[:total]}
    return [replace(account, seat=account.key in seated) for account in known]


def used(accounts: Iterable[Account]) -> int:
    """How many seats are taken."""
    return sum(account.seat for account in accounts)


def _order(account: Account) -> tuple[bool, float, str]:
    return (not account.seat, account.asked or 0.0, account.key)
