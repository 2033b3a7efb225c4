"""The users as a CSV file (RFC 4180), for a spreadsheet (rows AC06, AC07)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

from mailroom.flows.account_pages import LIMIT_MAX

COLUMNS = {
    "name": "Username",
    "full_name": "Name",
    "address": "Email address",
    "info": "Activation info",
    "status": "Status",
    "admin": "Administrator",
    "why": "Remark",
}
# What a spreadsheet would take for a formula when a cell begins with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Excel takes a file without this mark for one of its old code pages.
MARK = "\ufeff"


def exported(ask: Callable[..., Any]) -> str:
    """All wanted users as CSV. ask(offset, limit): a slice of them as `accounts.list` answers."""
    text = io.StringIO()
    text.write(MARK)
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(COLUMNS.values())
    lines.writerows([_cell(user[key]) for key in COLUMNS] for user in _users(ask))
    return text.getvalue()


def _users(ask: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    offset = 0
    while users := ask(offset=offset, limit=LIMIT_MAX)["users"]:
        yield from users
        offset += len(users)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value or "")
    return f"'{text}" if text.startswith(FORMULA) else text
