"""Addresses of this server that its users need not know by heart: who uses mail here, and the aliases (row AL01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailroom.core.settings import AllValues
from mailroom.flows import account_pages
from mailroom.store.accounts import Account

PEOPLE_MAX = 5_000


def operations(values: Callable[[], AllValues], accounts: Callable[[], list[Account]]) -> dict[str, Callable[..., Any]]:
    """What the job process can be asked about colleagues."""
    return {"colleagues.list": lambda: listing(values(), accounts())}


def listing(values: AllValues, accounts: list[Account]) -> list[dict[str, str]]:
    """[{name, address, kind: account | alias}] of active users and all aliases, at most PEOPLE_MAX of each."""
    domain = str(values["mail_delivery.general"]["domain"])
    if not domain:
        return []
    rows = (account_pages.row(one, domain) for one in accounts if one.active)
    people = [{"name": row["full_name"], "address": row["address"], "kind": "account"} for row in rows]
    aliases = [
        {"name": "", "address": f"{one['name']}@{one['domain'] or domain}", "kind": "alias"}
        for one in values["mail_delivery.alias"]["aliases"]
    ]
    return [*people[:PEOPLE_MAX], *aliases[:PEOPLE_MAX]]
