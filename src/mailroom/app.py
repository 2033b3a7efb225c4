"""Who works with whom: the only place that knows all parts and hands them to each other."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mailroom.core import paths
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.daemons import boot, configuration, host, mail_place, supervise, user_numbers
from mailroom.daemons.dovecot.doubles import remove_doubles
from mailroom.daemons.order import wanted
from mailroom.daemons.postfix.daemon import flush
from mailroom.daemons.shape import Facts
from mailroom.filtering import conditions
from mailroom.flows import (
    announced,
    check_settings,
    clients,
    colleagues,
    dns_records,
    interface,
    relay,
    setting_file,
    setting_history,
    setting_start,
    setting_undo,
    trusted_networks,
)
from mailroom.flows.job import serve
from mailroom.flows.redelivery import Ports, Redelivery
from mailroom.flows.setting import Author, Settings
from mailroom.flows.setting_exchange import Configuration
from mailroom.flows.setup import first_settings
from mailroom.monitor import host_web, queue
from mailroom.store.accounts import AccountStore
from mailroom.store.events import EventStore
from mailroom.store.settings import SettingsStore
from mailroom.tls import self_signed
from mailroom.tls.kept import Kept

if TYPE_CHECKING:
    from mailroom.flows.account import Accounts


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
    boot.prepare_folders(mail=not mail_place.missing())
    boot.prepare_signatures()
    boot.prepare_srs_key()
    boot.prepare_resolver()
    tell_taken_numbers()
    accounts, events = AccountStore(), EventStore()
    settings = settings_story(accounts, events, AtRest())
    # Before the checkers run: they want the certificate that the configuration names.
    known = settings.store.current()
    values = known.settings if known else first_settings().values
    self_signed.settle(Kept(), values["mail_delivery.general"]["hostname"], time.time())
    setting_start.start(settings)
    boot.prepare_queue()
    facts = settings.facts_for(settings.values())
    boot.prepare_services(facts, set(wanted(facts)))


def tell_taken_numbers() -> None:
    """Say, while it lasts, that a user of ours is somebody else on the NAS, too."""
    found = user_numbers.clashes()
    if not found:
        conditions.clear("user-numbers")
        return
    names = ", ".join(f"{one.number} ({one.ours}, {one.theirs})" for one in found)
    conditions.report(
        "user-numbers",
        "Another user of the NAS has the number of a user of the mail server",
        f"To the NAS both are one user, and reach each other's files: {names}.",
        "Give the other user another number, or remove it. The mail server's numbers are fixed.",
        severity="attention",
    )


def run_job() -> None:
    """The job process (verb `job`)."""
    from mailroom.flows.account import Accounts

    os.umask(0o007)
    store, events = AccountStore(), EventStore()
    settings = settings_story(store, events, configuration)
    # What a job process that was killed in the middle of an Apply has left.
    setting_start.start(settings)
    ports = Ports(supervise.ready_pid, flush, queue.length, remove_doubles, lambda text: events.add("daemon", text))
    redelivery = Redelivery(ports, paths.DATA / "run" / "alive")
    operations, watches = job_parts(settings, Accounts(store, events, settings), events)
    serve(operations, {**watches, "redelivery": redelivery.watch})


def job_parts(
    settings: Settings, accounts: Accounts, events: EventStore
) -> tuple[dict[str, Callable[..., Any]], dict[str, Callable[[threading.Event], None]]]:
    """(what the job process can be asked, what runs beside): every part that knows of the others is told of them."""
    from mailroom.flows import setup_machine
    from mailroom.flows.acme import Renewal
    from mailroom.flows.aliases import Aliases, ours
    from mailroom.flows.auto_bcc import AutoBcc
    from mailroom.flows.blocked import Blocked
    from mailroom.flows.certificate import Certificates
    from mailroom.flows.definitions import Definitions
    from mailroom.flows.doctor import Doctor
    from mailroom.flows.left_to_do import LeftToDo
    from mailroom.flows.mail_log import MailLog
    from mailroom.flows.mail_queue import MailQueue
    from mailroom.flows.message import delivery_states, journal, mark, received_from_others, today
    from mailroom.flows.open_sessions import OpenSessions
    from mailroom.flows.outbound_usage import OutboundUsage
    from mailroom.flows.own_policy import OwnPolicy
    from mailroom.flows.quarantine import Quarantine
    from mailroom.flows.quarantine_notice import Notices
    from mailroom.flows.quarantine_release import Release
    from mailroom.flows.search_index import SearchIndex
    from mailroom.flows.server_list import ServerList
    from mailroom.flows.token import Tokens
    from mailroom.store.checks import CheckStore
    from mailroom.store.guesses import GuessStore
    from mailroom.store.tokens import TokenStore
    from mailroom.store.usage import UsageStore
    from mailroom.store.window_sessions import WindowSessionStore

    settings.exchange.prepare = accounts.prepare
    settings.looked_up = accounts.looked_up
    settings.judges.append(interface.refuse_unreachable)
    own_policy = OwnPolicy(settings.values)
    settings.judges += [own_policy.judge, relay.judge]
    settings.advisers += [interface.advise, own_policy.advise, announced.advise, trusted_networks.advise]
    operations = {**settings_operations(settings), **accounts.operations(), **state_operations(events)}
    operations |= Tokens(TokenStore(), events, lambda name: accounts.person(name)["role"] == "admin").operations()
    operations |= clients.operations(settings.values, host_web.serves)
    operations |= dns_records.operations(settings.values) | own_policy.operations()
    operations |= relay.operations(settings.values)
    blocked = Blocked(GuessStore(), events)
    operations |= blocked.operations() | MailQueue(events).operations()
    quarantine = Quarantine(settings.values, events, Release(), Notices(accounts.store.all))
    operations |= quarantine.operations()
    sessions = OpenSessions(WindowSessionStore(), accounts.store, events, accounts.end_sessions)
    accounts.on_lost, accounts.end_lost = sessions.lost, sessions.try_again
    operations |= sessions.operations()
    operations |= OutboundUsage(UsageStore(), events, settings.values).operations()
    operations |= Aliases(settings, accounts.store).operations() | AutoBcc(settings, accounts.store).operations()
    operations |= colleagues.operations(settings.values, accounts.store.all)
    operations |= check_settings.operations(settings) | setting_file.operations(settings)
    checks = CheckStore()
    doctor = Doctor(checks, events, settings.values)
    operations |= doctor.operations()
    certificates = Certificates(settings, events)
    renewal = Renewal(settings, certificates)
    operations |= certificates.operations() | renewal.operations()
    search = SearchIndex(settings, accounts.store, events)
    operations |= search.operations()
    definitions = Definitions(settings)
    server_list = ServerList(events, settings.values, today, mark, definitions.read)
    operations |= definitions.operations() | server_list.operations()
    operations |= LeftToDo(
        settings.values,
        lambda: next(iter(checks.newest()), None),
        lambda: [one.key for one in accounts.store.all() if one.active],
        delivery_states().reached_others,
        lambda: received_from_others(ours(settings.values())),
    ).operations()
    setup, more = setup_machine.operations(settings, accounts.sync_now, accounts.person)
    # What one that was killed in the middle of the set-up has left.
    setup.settle()
    watches = {"machine": server_list.watch, "interface": interface.Watch(settings).watch, "doctor": doctor.watch}
    watches |= {"certificate": certificates.watcher.watch, "acme": renewal.watch, "search": search.watch}
    watches["blocked"] = blocked.watch
    watches["definitions"] = definitions.watch
    watches["quarantine"] = quarantine.watch
    watches["mail_log"] = MailLog(delivery_states(), journal().oldest).watch
    watches["announced"] = announced.Watch(settings.values).watch
    return operations | more, {**accounts.watches(), **watches}


def settings_operations(settings: Settings) -> dict[str, Callable[..., Any]]:
    """What can be asked about settings. With `page`, `changes` are {key: value} of that page, else {page: {...}}."""

    def wanted_values(page: str | None, changes: dict[str, Any]) -> AllValues:
        wanted = changes if page is None else {page: changes}
        for name, values in wanted.items():
            if not isinstance(values, dict):
                raise Invalid(f"The changes of page {name!r} are no object.", field="changes")
        return wanted

    def preview(changes: dict[str, Any], page: str | None = None, revision: int | None = None) -> Any:
        return setting_history.preview(settings, wanted_values(page, changes), revision)

    def check(changes: dict[str, Any], page: str) -> Any:
        return setting_history.check(settings, wanted_values(page, changes))

    def apply(
        revision: int, changes: dict[str, Any], who: str, where: str, page: str | None = None, note: str = ""
    ) -> Any:
        return settings.apply(revision, wanted_values(page, changes), Author(who, where), note)

    def read(page: str) -> Any:
        found = setting_history.read(settings, page)
        return interface.with_choices(found) if page == interface.PAGE else found

    def history(page: str | None = None, offset: int = 0, limit: int = 50) -> Any:
        return setting_history.history(settings, page, offset, limit)

    def compare(from_: int, to: int) -> Any:
        return setting_history.compare(settings, from_, to)

    def preview_back(revision: int, to: int, page: str | None = None) -> Any:
        return setting_history.preview_back(settings, revision, to, page)

    def put_back(revision: int, to: int, who: str, where: str, page: str | None = None) -> Any:
        return setting_history.put_back(settings, revision, to, page, Author(who, where))

    def preview_undo(revision: int, undo: int) -> Any:
        return setting_undo.preview_undo(settings, revision, undo)

    def undo_change(revision: int, undo: int, who: str, where: str) -> Any:
        return setting_undo.undo(settings, revision, undo, Author(who, where))

    return {
        "settings.index": lambda: setting_history.index(settings),
        "settings.fields": setting_history.fields,
        "settings.read": read,
        "settings.preview": preview,
        "settings.check": check,
        "settings.apply": apply,
        "settings.history": history,
        "settings.compare": compare,
        "settings.preview_back": preview_back,
        "settings.put_back": put_back,
        "settings.preview_undo": preview_undo,
        "settings.undo": undo_change,
    }


def state_operations(events: EventStore) -> dict[str, Callable[..., Any]]:
    """What can be asked about events and messages."""
    from mailroom.flows.message import list_messages, mark, show

    def add_event(kind: str, text: str, who: str, where: str) -> int:
        return events.add(kind, text, who=who, where=where)

    return {
        "events.since": lambda last=0, limit=200: events.since(last, limit),
        "events.newest": lambda limit=50, kind=None: events.newest(limit, kind),
        "events.add": add_event,
        "messages.list": list_messages,
        "messages.mark": mark,
        "messages.show": show,
    }
