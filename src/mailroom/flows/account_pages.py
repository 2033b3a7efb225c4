"""How the window shows accounts, seats and the sync (rows AC06, AC07, LI01, LI02)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mailroom.core.problems import Invalid
from mailroom.licences import seats, table
from mailroom.store.accounts import ACTIVATE, DEACTIVATE, Account

NORMAL, DEACTIVATED, UNSUPPORTED = "normal", "deactivated", "unsupported"
ACTIVATED, WAITING, NOT_ACTIVATED = "activated", "waiting", "not_activated"
INFOS, STATUSES = (ACTIVATED, WAITING, NOT_ACTIVATED), (NORMAL, DEACTIVATED, UNSUPPORTED)
SORTS = ("name", "full_name", "address", "choice", "info", "status")
LIMIT_MAX = 1_000

Facts = dict[str, Any]


def info(account: Account) -> str:
    """The column Activation Info: whether a licence has been applied to the user."""
    if account.seat:
        return ACTIVATED
    return WAITING if seats.wants_seat(account) else NOT_ACTIVATED


def status(account: Account) -> str:
    """The column Status: Normal, Deactivated (by the host), Username not supported."""
    if account.unusable:
        return UNSUPPORTED
    return DEACTIVATED if account.disabled or account.missing_since is not None else NORMAL


def why(account: Account) -> str:
    """One sentence when this user cannot use mail although somebody may expect it, else ""."""
    if account.unusable:
        return account.unusable
    if account.missing_since is not None:
        return "The host no longer lists this user. Mail waits for an hour, then the account is forgotten."
    if account.disabled:
        return "The user is disabled in DSM's Control Panel."
    if info(account) == WAITING:
        return f"All {table.seats()} seats are taken. The next one that becomes free goes to who has waited longest."
    return ""


def row(account: Account, domain: str) -> Facts:
    """One line of Account > User."""
    return {
        "name": account.name,
        "full_name": account.full_name,
        "address": "" if account.unusable else f"{account.key}@{domain}",
        "choice": account.choice,
        "active": account.active,
        "info": info(account),
        "status": status(account),
        "why": why(account),
        "admin": account.admin,
    }


@dataclass(frozen=True)
class Wanted:
    """Which users, and in which order. sort: a column, "-" before it to turn it round.

    info, status: only users with one of these states; empty means all.
    """

    search: str = ""
    sort: str = "name"
    info: tuple[str, ...] = ()
    status: tuple[str, ...] = ()

    def takes(self, line: Facts) -> bool:
        """Whether a row is wanted."""
        sought = f"{line['name']} {line['full_name']} {line['address']}".casefold()
        return (
            self.search.strip().casefold() in sought
            and (not self.info or line["info"] in self.info)
            and (not self.status or line["status"] in self.status)
        )


def listing(accounts: Iterable[Account], domain: str, wanted: Wanted, offset: int, limit: int) -> Facts:
    """A slice of Account > User: {total, seats, users}. Raises Invalid."""
    sort, column = wanted.sort, wanted.sort.removeprefix("-")
    if column not in SORTS:
        raise Invalid(f"There is no column {column!r}.", field="sort", next=f"Use one of {', '.join(SORTS)}.")
    for field, known_states in (("info", INFOS), ("status", STATUSES)):
        for state in getattr(wanted, field):
            if state not in known_states:
                raise Invalid(
                    f"There is no state {state!r}.", field=field, next=f"Use one of {', '.join(known_states)}."
                )
    known = list(accounts)
    found = [line for line in (row(account, domain) for account in known) if wanted.takes(line)]
    found.sort(key=lambda line: line["name"].casefold())
    found.sort(key=lambda line: str(line[column] or "").casefold(), reverse=sort.startswith("-"))
    first = max(0, offset)
    return {
        "total": len(found),
        "seats": counters(known),
        "users": found[first : first + max(0, min(limit, LIMIT_MAX))],
    }


def counters(accounts: Iterable[Account]) -> Facts:
    """Total, used and unused seats (row LI02)."""
    total, used = table.seats(), seats.used(accounts)
    return {"total": total, "used": used, "unused": max(0, total - used)}


def licences(accounts: Iterable[Account]) -> Facts:
    """The page License (rows LI01, LI02)."""
    return {"licences": [asdict(licence) for licence in table.licences()], **counters(accounts)}


def difference(before: Iterable[Account], after: Iterable[Account], asked: Iterable[str]) -> Facts:
    """What choices do: {seats: {total, used_before, used_after}, users: [{name, before, after, why}]}.

    Users whose own choice was asked for, and all others who gain or lose a seat by it.
    """
    old, named = {account.key: account for account in before}, set(asked)
    new = list(after)
    touched = [one for one in new if one.name in named or info(one) != info(old[one.key])]
    return {
        "seats": {"total": table.seats(), "used_before": seats.used(old.values()), "used_after": seats.used(new)},
        "users": [
            {"name": one.name, "before": info(old[one.key]), "after": info(one), "why": why(one)} for one in touched
        ],
    }


def refuse_bad_choices(changes: dict[str, Any], known: dict[str, Account]) -> None:
    """Raises Invalid naming each user for whom the choice cannot be made."""
    fields = {}
    for name, choice in changes.items():
        if name not in known:
            fields[name] = f"There is no user {name!r}."
        elif choice not in (ACTIVATE, DEACTIVATE, None):
            fields[name] = "Choose activate, deactivate or neither."
        elif choice == ACTIVATE and known[name].unusable:
            fields[name] = known[name].unusable
    if fields:
        first = next(iter(fields))
        raise Invalid(fields[first], field=first, next="Correct the marked users.", fields=fields)
