"""The account story with everything around it pretending: the host's users, the settings, postmap, the clock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mailroom.core.problems import Unavailable
from mailroom.flows import account_facts
from mailroom.flows.account import Accounts
from mailroom.flows.account_maps import MapFiles
from mailroom.store.accounts import AccountStore

NAMES = ("admin", "anna", "bert", "carl", "dora", "emil", "fred")


def user(name: str, **facts: Any) -> dict[str, Any]:
    groups = ["administrators", "users"] if name == "admin" else ["users"]
    return {
        "name": name,
        "uid": 1000 + sum(map(ord, name)),
        "full_name": "",
        "disabled": False,
        "groups": groups,
        **facts,
    }


class Host:
    """The sign-in service's answers."""

    def __init__(self) -> None:
        self.users = [user(name) for name in NAMES]
        self.bans: list[dict[str, Any]] = []
        self.down = False

    def __call__(self, operation: str) -> Any:
        if self.down:
            raise Unavailable("signin does not answer.")
        return self.users if operation == "users" else {"bans": self.bans}


class Events:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def add(self, kind: str, text: str, **facts: Any) -> int:
        self.told.append((kind, text))
        return len(self.told)


class Settings:
    def __init__(self) -> None:
        self.domain = "example.com"
        self.more: list[dict[str, Any]] = []
        self.aliases: list[dict[str, Any]] = []
        self.rules: list[dict[str, Any]] = []
        self.catch_all: list[dict[str, Any]] = []
        self.separator = "none"
        self.members_send = False

    def values(self) -> dict[str, Any]:
        return {
            "mail_delivery.general": {
                "domain": self.domain,
                "additional_domains": self.more,
                "address_separator": self.separator,
                "send_as_aliases": self.members_send,
            },
            "mail_delivery.alias": {
                "aliases": [{"domain": "", **one} for one in self.aliases],
                "catch_all": self.catch_all,
            },
            "mail_delivery.auto_bcc": {"rules": self.rules},
        }


class Clock:
    def __init__(self) -> None:
        self.time_s = 1_000_000.0

    def now(self) -> float:
        return self.time_s

    elapsed = now


class House:
    def __init__(self, folder: Path) -> None:
        self.host, self.events, self.settings, self.clock = Host(), Events(), Settings(), Clock()
        self.store, self.refreshed, self.folder = AccountStore(folder / "accounts.sqlite"), 0, folder
        self.accounts = Accounts(
            self.store,
            self.events,  # type: ignore[arg-type]
            self.settings,  # type: ignore[arg-type]
            host=self.host,
            maps=MapFiles(folder, self.postmap),
            facts=lambda source, ended: account_facts.write(source, ended, folder / "facts.json"),
            refresh=self.refresh,
            clock=self.clock,
        )

    def postmap(self, argv: Sequence[str]) -> None:
        source = Path(argv[-1].removeprefix("lmdb:"))
        source.with_suffix(".lmdb").write_text(source.read_text())

    def refresh(self, settings: Any) -> None:
        assert self.store.synced() and (self.folder / "recipients.lmdb").exists()
        self.refreshed += 1

    def activate(self, *names: str) -> dict[str, Any]:
        return self.accounts.apply(dict.fromkeys(names, "activate"), who="admin")

    def active(self) -> list[str]:
        return [account.key for account in self.store.all() if account.active]

    def map(self, name: str, local: bool = False) -> dict[str, str]:
        """A map; its rows for the domain localhost.DOMAIN, which are like those of DOMAIN, only when asked for."""
        lines = (self.folder / f"{name}.lmdb").read_text().splitlines()
        rows = dict(line.split("\t") for line in lines)
        return {key: value for key, value in rows.items() if local == ("@localhost." in key)}
