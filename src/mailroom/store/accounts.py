"""The account table: the host's users, what was chosen for them, who has a seat. Only the job process writes it.

The sign-in service reads `accounts` and `facts` by itself, with the standard library alone (accounts/signin/known.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peewee import BigIntegerField, BooleanField, FloatField, Model, SqliteDatabase, TextField
from playhouse.sqlite_ext import JSONField

from mailroom.core import paths
from mailroom.store.database import open_database, writing
from mailroom.store.migrations import Steps

SCHEMA = 3
ACTIVATE, DEACTIVATE = "activate", "deactivate"
ADMIN, USER = "admin", "user"


@dataclass(frozen=True)
class Account:
    """One user of the host, as mail sees it.

    key: the name in lower case, local part of the address. name: the host's own spelling. disabled: by the host.
    admin: member of the host's administrators. unusable: why the name cannot be an address, or "".
    missing_since: when the host stopped listing the user (seconds since the epoch). asked: when activation was chosen.
    choice: activate | deactivate | None. seat: whether a licence seat is taken. groups: the host's, by name.
    password_mark: see accounts/sources/local.py. ended_mail, ended_window: what was opened before is over (seconds
    since the epoch; flows/session_grounds.py).
    """

    key: str
    name: str
    uid: int
    full_name: str = ""
    disabled: bool = False
    admin: bool = False
    unusable: str = ""
    missing_since: float | None = None
    choice: str | None = None
    asked: float | None = None
    seat: bool = False
    groups: tuple[str, ...] = ()
    password_mark: str = ""
    ended_mail: float | None = None
    ended_window: float | None = None

    @property
    def active(self) -> bool:
        """Whether this user may use mail now."""
        return self.seat and self.missing_since is None and not self.disabled and not self.unusable

    @property
    def held(self) -> bool:
        """Gone from the host a short while ago: mail waits at the sender, because the user may come back."""
        return self.seat and self.missing_since is not None


class AccountRow(Model):
    key = TextField(primary_key=True)
    name = TextField()
    # Users of a Windows domain have numbers above 2^31.
    uid = BigIntegerField()
    full_name = TextField()
    disabled = BooleanField()
    admin = BooleanField()
    unusable = TextField()
    missing_since = FloatField(null=True)
    choice = TextField(null=True)
    asked = FloatField(null=True)
    seat = BooleanField()
    active = BooleanField()
    held = BooleanField()
    groups = JSONField()
    password_mark = TextField(default="")
    ended_mail = FloatField(null=True)
    ended_window = FloatField(null=True)

    class Meta:
        table_name = "accounts"


class FactRow(Model):
    name = TextField(primary_key=True)
    value = JSONField()

    class Meta:
        table_name = "facts"


def _groups(database: SqliteDatabase) -> None:
    """Schema 2: the groups of each account. The next reading of the host fills them."""
    database.execute_sql("ALTER TABLE accounts ADD COLUMN \"groups\" JSON NOT NULL DEFAULT '[]'")


def _grounds(database: SqliteDatabase) -> None:
    """Schema 3: marks of passwords, and since when what was opened before is over."""
    database.execute_sql("ALTER TABLE accounts ADD COLUMN password_mark TEXT NOT NULL DEFAULT ''")
    database.execute_sql("ALTER TABLE accounts ADD COLUMN ended_mail REAL")
    database.execute_sql("ALTER TABLE accounts ADD COLUMN ended_window REAL")


STEPS: Steps = {2: _groups, 3: _grounds}


class AccountStore:
    """The table of accounts, and a few facts about it: synced, domain, sync."""

    def __init__(self, file: Path = paths.DB / "accounts.sqlite") -> None:
        self.database: SqliteDatabase = open_database(file, [AccountRow, FactRow], SCHEMA, steps=STEPS)

    def all(self) -> list[Account]:
        """Every account, by key."""
        return [_account(row) for row in AccountRow.select().order_by(AccountRow.key)]

    def find(self, name: str) -> Account | None:
        """The account of this name, in whatever case."""
        row = AccountRow.get_or_none(AccountRow.key == name.lower())
        return _account(row) if row else None

    def role(self, name: str) -> str | None:
        """admin | user, or None for a name that the host does not list (rows AC11, AC12)."""
        account = self.find(name)
        if account is None or account.missing_since is not None:
            return None
        return ADMIN if account.admin and not account.disabled else USER

    def save(self, accounts: Iterable[Account], gone: Iterable[str] = (), **facts: Any) -> None:
        """Write these accounts, forget those with the keys in `gone`, set `facts`: all of it or nothing.

        Raises Unavailable when the disk refuses it.
        """
        with writing(self.database, "The accounts"):
            for account in accounts:
                AccountRow.insert(**_columns(account)).on_conflict_replace().execute()
            for key in gone:
                AccountRow.delete().where(AccountRow.key == key).execute()
            for name, value in facts.items():
                FactRow.insert(name=name, value=value).on_conflict_replace().execute()

    def fact(self, name: str) -> Any:
        """One of the facts, None when it was never set."""
        row = FactRow.get_or_none(FactRow.name == name)
        return row.value if row else None

    def synced(self) -> bool:
        """Whether the host's users were read at least once; before that nobody may say that an account is unknown."""
        return self.fact("synced") is True


def _account(row: AccountRow) -> Account:
    known = {name: getattr(row, name) for name in Account.__dataclass_fields__}
    return Account(**{**known, "groups": tuple(row.groups)})


def _columns(account: Account) -> dict[str, Any]:
    kept = {name: getattr(account, name) for name in Account.__dataclass_fields__}
    return {**kept, "groups": list(account.groups), "active": account.active, "held": account.held}
