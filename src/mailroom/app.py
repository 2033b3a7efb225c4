"""Who works with whom: the only place that knows all parts and hands them to each other."""

from __future__ import annotations

import grp
import os
from collections.abc import Callable
from typing import Any

from mailroom.core import paths
from mailroom.core.settings import AllValues
from mailroom.daemons import boot, configuration, host, supervise
from mailroom.daemons.order import wanted
from mailroom.daemons.shape import Facts
from mailroom.flows import overview, setting_history, setting_start
from mailroom.flows.job import serve
from mailroom.flows.setting import Author, Configuration, Settings
from mailroom.store.accounts import AccountStore
from mailroom.store.events import EventStore
from mailroom.store.settings import SettingsStore
from mailroom.tls import self_signed


class AtRest:
    """The configuration before the supervisor runs: nobody can be asked to reload, and nobody needs to be."""

    def __getattr__(self, name: str) -> Any:
        return getattr(configuration, name)

    def reload(self, daemons: list[str], facts: Facts) -> None:
        return None

    def probe(self, daemons: list[str], facts: Facts) -> None:
        return None


def facts_for(accounts: AccountStore) -> Callable[[AllValues], Facts]:
    """Facts of this machine, for any settings."""
    return lambda settings: Facts(settings, host.read(accounts.synced()))


def settings_story(accounts: AccountStore, events: EventStore, daemons: Configuration) -> Settings:
    """The settings story with its real parts."""
    return Settings(SettingsStore(), events, daemons, facts_for(accounts))


def prepare() -> None:
    """Everything that must be there before the supervisor starts (verb `boot`). Safe to run again."""
    os.umask(0o022)
    boot.prepare_folders()
    boot.prepare_signatures()
    boot.prepare_resolver()
    accounts, events = AccountStore(), EventStore()
    values = setting_start.first_values(paths.SETUP)
    self_signed.make(paths.TLS, values["mail_delivery.general"]["hostname"], grp.getgrnam("mailroom").gr_gid)
    settings = settings_story(accounts, events, AtRest())
    setting_start.start(settings)
    boot.prepare_services(settings.facts_for(settings.values()), set(wanted(settings.facts_for(settings.values()))))


def run_job() -> None:
    """The job process (verb `job`)."""
    from mailroom.flows.account import Accounts

    os.umask(0o007)
    store, events = AccountStore(), EventStore()
    settings = settings_story(store, events, configuration)
    accounts = Accounts(store, events, settings)
    serve({**settings_operations(settings), **accounts.operations(), **state_operations(events)}, accounts.watches())


def settings_operations(settings: Settings) -> dict[str, Callable[..., Any]]:
    """What can be asked about settings."""

    def apply(revision: int, changes: AllValues, who: str, where: str, note: str = "") -> Any:
        return settings.apply(revision, changes, Author(who, where), note)

    def put_back(revision: int, to: int, who: str, where: str, page: str | None = None) -> Any:
        return setting_history.put_back(settings, revision, to, page, Author(who, where))

    return {
        "settings.index": lambda: setting_history.index(settings),
        "settings.read": lambda page: setting_history.read(settings, page),
        "settings.preview": lambda changes: setting_history.preview(settings, changes),
        "settings.apply": apply,
        "settings.history": lambda page=None, offset=0, limit=50: setting_history.history(settings, page, offset, limit),
        "settings.compare": lambda older, newer: setting_history.compare(settings, older, newer),
        "settings.put_back": put_back,
    }


def state_operations(events: EventStore) -> dict[str, Callable[..., Any]]:
    """What can be asked about daemons, machine and events."""
    from mailroom.flows.message import today

    def restart(id: str, who: str, where: str) -> dict[str, Any]:
        supervise.restart(id)
        events.add("daemon", f"Restarted {id}.", who=who, where=where, daemon=id)
        return {"restarted": id}

    return {
        "overview": lambda: overview.overview(today),
        "daemons.status": supervise.status,
        "daemons.restart": restart,
        "events.since": lambda last=0, limit=200: events.since(last, limit),
        "events.newest": lambda limit=50, kind=None: events.newest(limit, kind),
    }
