"""The account table follows the host: what one reading of the host's users changes, and when it is not believed.

Pure: the same table, users and time give the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace
from typing import Any

from mailroom.accounts.names import key_of, why_unusable
from mailroom.accounts.sources.local import ADMINISTRATORS
from mailroom.store.accounts import Account

GONE_AFTER_S = 3_600.0
DROP_SHARE_MAX = 0.20
DROP_FEW = 3


@dataclass(frozen=True)
class Plan:
    """What to write. gone: keys to forget. refused: why nothing may be written; would_drop: the names it is about."""

    write: list[Account] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    refused: str = ""
    would_drop: list[str] = field(default_factory=list)


def plan(
    known: Iterable[Account], users: Iterable[dict[str, Any]], now: float, approved: Set[str] = frozenset()
) -> Plan:
    """Compare the table with the host's users ([{name, uid, full_name, disabled, groups, password_mark}]).

    approved: names that an administrator has agreed to lose. A user who is gone stays in the table, without access, for
    GONE_AFTER_S; then the account is forgotten.
    """
    before = {account.key: account for account in known}
    listed = _listed(users)
    lost = [account for key, account in before.items() if key not in listed and account.missing_since is None]
    replaced = [before[key] for key, fresh in listed.items() if key in before and before[key].uid != fresh.uid]
    dropped = sorted(account.name for account in (*lost, *replaced))
    present = sum(account.missing_since is None for account in before.values())
    if not before and not listed:
        return Plan(refused="The host lists no users at all.")
    why = why_refused(present, len(dropped))
    if why and not set(dropped) <= approved:
        return Plan(refused=why, would_drop=dropped)
    result = Plan()
    for key, fresh in listed.items():
        _take_in(result, before.get(key), fresh)
    for account in lost:
        result.write.append(replace(account, missing_since=now))
        result.missing.append(account.name)
    for key, account in before.items():
        if key not in listed and account.missing_since is not None and now - account.missing_since >= GONE_AFTER_S:
            result.gone.append(key)
    return result


def why_refused(present: int, lost: int) -> str:
    """Why a reading that lacks `lost` of `present` users is not believed, or ""."""
    if present and lost == present:
        return "The host lists none of the users that are known."
    if lost >= DROP_FEW and lost > present * DROP_SHARE_MAX:
        return f"The host no longer lists {lost} of {present} users, more than {DROP_SHARE_MAX:.0%}."
    return ""


def _take_in(result: Plan, old: Account | None, fresh: Account) -> None:
    """One user who is there."""
    # The same name with another number is somebody else: what was chosen for the former is not theirs.
    if old is None or old.uid != fresh.uid:
        result.write.append(fresh)
        result.added.append(fresh.name)
        return
    merged = replace(
        fresh,
        choice=old.choice,
        asked=old.asked,
        seat=old.seat,
        ended_mail=old.ended_mail,
        ended_window=old.ended_window,
    )
    if merged == old:
        return
    result.write.append(merged)
    if merged != replace(old, password_mark=fresh.password_mark):
        (result.returned if old.missing_since is not None else result.changed).append(fresh.name)


def _listed(users: Iterable[dict[str, Any]]) -> dict[str, Account]:
    """The host's users as fresh accounts, by key. Of two names that differ only in case, the older has the address."""
    found: dict[str, Account] = {}
    for user in sorted(users, key=lambda user: (int(user["uid"]), str(user["name"]))):
        name, uid, key, unusable = str(user["name"]), int(user["uid"]), key_of(user["name"]), why_unusable(user["name"])
        if key in found:
            unusable = f"User {found[key].name} already has this address."
            key = f"{name}#{uid}"
        found[key] = Account(
            key=key,
            name=name,
            uid=uid,
            full_name=str(user["full_name"]),
            disabled=bool(user["disabled"]),
            admin=ADMINISTRATORS in user["groups"],
            unusable=unusable,
            groups=tuple(user["groups"]),
            password_mark=str(user.get("password_mark", "")),
        )
    return found
