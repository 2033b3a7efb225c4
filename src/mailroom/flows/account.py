"""The story of an account: read the host's users, believe it or not, give out seats, tell Postfix.

Signing in is the other half of the story; it happens in the sign-in service (accounts/signin/check.py).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mailroom.accounts import sync
from mailroom.core import paths
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.line_socket import ask
from mailroom.core.pages.mail_delivery_general import domains_of
from mailroom.core.problems import NotFound, Problem
from mailroom.core.settings import AllValues
from mailroom.flows import account_facts, account_pages, session_grounds, setting_start
from mailroom.flows.account_maps import MapFiles, texts
from mailroom.flows.setting import Settings
from mailroom.licences import seats, table
from mailroom.store.accounts import ACTIVATE, DEACTIVATE, Account, AccountStore
from mailroom.store.events import EventStore

LOG = logging.getLogger("mailroom.accounts")
SYNC_EVERY_S = 5.0
HOST_LIMIT_S = 15.0
APPROVAL_S = 600.0
NEVER, OK, REFUSED, UNREACHABLE = "never", "ok", "refused", "unreachable"
CHOSEN = {ACTIVATE: "Activated: {}.", DEACTIVATE: "Deactivated: {}.", None: "Left to the default: {}."}


def ask_signin(operation: str) -> Any:
    """A question to the sign-in service, which lives where the host's users are. Raises Problem."""
    return ask(paths.SIGNIN_SOCKET, {"op": operation}, HOST_LIMIT_S)


class Accounts:
    """Everything that can be done with accounts."""

    def __init__(
        self,
        store: AccountStore,
        events: EventStore,
        settings: Settings,
        *,
        host: Callable[[str], Any] = ask_signin,
        maps: MapFiles | None = None,
        facts: Callable[[str, dict[str, float]], Any] = account_facts.write,
        refresh: Callable[[Settings], Any] = setting_start.refresh,
        clock: Clock | None = None,
    ) -> None:
        self.store, self.events, self.settings = store, events, settings
        self.host, self.maps, self.facts, self.refresh = host, maps or MapFiles(), facts, refresh
        self.clock = clock or SystemClock()
        self.turn = threading.RLock()
        self.rendered = False
        # What a user had open has lost its ground; and, outside our turn, the time to end it (open_sessions.py).
        self.on_lost: Callable[[Account, str], Any] = lambda account, ground: None
        self.end_lost: Callable[[], Any] = lambda: None
        # Settings that are being put in force, or are.
        self.coming: AllValues | None = None
        self.banned: set[tuple[str, str]] = set()

    def operations(self) -> dict[str, Callable[..., Any]]:
        """What the job process can be asked about accounts."""
        return {
            "accounts.list": self.page,
            "accounts.person": self.person,
            "accounts.preview": self.preview,
            "accounts.apply": self.apply,
            "licences.list": lambda: account_pages.licences(self.store.all()),
            "sync.state": self.state,
            "sync.now": self.sync_now,
            "sync.approve": self.approve,
        }

    def watches(self) -> dict[str, Callable[[threading.Event], None]]:
        """What runs beside."""
        return {"accounts": self.watch}

    def watch(self, stop: threading.Event) -> None:
        """Follow the host until `stop`: a change there is seen within SYNC_EVERY_S."""
        while not stop.is_set():
            self.sync_now()
            self.end_lost()
            self._tell_new_bans()
            stop.wait(SYNC_EVERY_S)

    def page(
        self,
        search: str = "",
        sort: str = "name",
        info: Sequence[str] = (),
        status: Sequence[str] = (),
        offset: int = 0,
        limit: int = 100,
    ) -> dict[str, Any]:
        """A slice of Account > User."""
        wanted = account_pages.Wanted(search, sort, tuple(info), tuple(status))
        return account_pages.listing(self.store.all(), self._domain(), wanted, offset, limit)

    def person(self, name: str) -> dict[str, Any]:
        """{role: admin | user | None, full_name, address, active} of a user of the host (rows AC11, AC12)."""
        account = self.store.find(name)
        if account is None:
            return {"role": None, "full_name": "", "address": "", "active": False}
        shown = account_pages.row(account, self._domain())
        return {"role": self.store.role(name), **{key: shown[key] for key in ("full_name", "address", "active")}}

    def preview(self, changes: dict[str, Any]) -> dict[str, Any]:
        """What these choices ({name: activate | deactivate | None}) would do. Raises Invalid."""
        before = self.store.all()
        return account_pages.difference(before, self._with_choices(before, changes), changes)

    def apply(self, changes: dict[str, Any], who: str = "", where: str = "") -> dict[str, Any]:
        """Put choices in force; the answer of `preview`. Raises Invalid, or Unavailable on a full disk."""
        with self.turn:
            before = self.store.all()
            after = self._with_choices(before, changes)
            self._save(before, after)
        chosen = {choice: ", ".join(name for name in changes if changes[name] == choice) for choice in CHOSEN}
        told = " ".join(CHOSEN[choice].format(names) for choice, names in chosen.items() if names)
        self._tell("accounts", told, who=who, where=where, changes=changes)
        self.end_lost()
        return account_pages.difference(before, after, changes)

    def state(self) -> dict[str, Any]:
        """How the sync is doing: {state, last, why?, refused?: {reason, would_drop}}. last: seconds since the epoch."""
        return self.store.fact("sync") or {"state": NEVER, "last": None}

    def approve(self, who: str = "", where: str = "") -> dict[str, Any]:
        """Agree to lose exactly the users of the refused sync, and sync. Raises NotFound when none was refused."""
        with self.turn:
            refused = self.state().get("refused")
            if not refused:
                raise NotFound("No sync waits for an answer.", next="Nothing needs to be done.")
            until = self.clock.now() + APPROVAL_S
            self.store.save([], approved={"names": refused["would_drop"], "until": until})
        self._tell("sync", "The refused sync was approved.", who=who, where=where, names=refused["would_drop"])
        return self.sync_now()

    def sync_now(self) -> dict[str, Any]:
        """Follow the host once; the new state. A host that cannot be asked changes nothing."""
        try:
            users = self.host("users")
        except Problem as reason:
            with self.turn:
                return self._not_followed(UNREACHABLE, why=reason.message)
        with self.turn:
            state = self._follow(users)
        if state["state"] == OK and not self.rendered:
            # Outside our turn: an Apply holds the settings' turn and then wants ours (prepare).
            self.refresh(self.settings)
            self.rendered = True
        self.end_lost()
        return state

    def _follow(self, users: list[dict[str, Any]]) -> dict[str, Any]:
        before = self.store.all()
        plan = sync.plan(before, users, self.clock.now(), self._approved())
        if plan.refused:
            return self._not_followed(REFUSED, refused={"reason": plan.refused, "would_drop": plan.would_drop})
        written = {account.key: account for account in before if account.key not in plan.gone}
        written.update({account.key: account for account in plan.write})
        self._save(before, seats.assign(written.values(), table.seats()))
        self._tell_plan(plan)
        return self._note(OK)

    def _not_followed(self, state: str, **facts: Any) -> dict[str, Any]:
        """The table stays as it is; the maps still follow the domain."""
        if self.store.synced():
            known = self.store.all()
            self._save(known, known)
        return self._note(state, **facts)

    def prepare(self, values: AllValues) -> None:
        """Teach the maps settings that are about to be put in force; their domain beside the one in force.

        Called before the swap, so that no recipient is unknown for a moment, and with the former settings when they
        stay. Raises DaemonFailed or OSError.
        """
        with self.turn:
            self.coming = values
            self._write_maps(self.store.all())

    def looked_up(self, values: AllValues) -> dict[str, str]:
        """What Postfix would look up in place of aliases with these settings."""
        domains = domains_of(values["mail_delivery.general"])
        return {"aliases": texts(self.store.all(), domains, values)["aliases"]}

    def _write_maps(self, accounts: list[Account]) -> None:
        in_force = self.settings.values()
        values = self.coming or in_force
        both = dict.fromkeys(one for known in (in_force, values) for one in domains_of(known["mail_delivery.general"]))
        known = texts(accounts, list(both), values)
        self.maps.write(known)
        self.facts(known["senders"], {one.key: one.ended_mail for one in accounts if one.ended_mail is not None})

    def _with_choices(self, before: list[Account], changes: dict[str, Any]) -> list[Account]:
        by_name = {account.name: account for account in before}
        account_pages.refuse_bad_choices(changes, by_name)
        now = self.clock.now()
        chosen = {}
        for turn, (name, choice) in enumerate(changes.items()):
            account = by_name[name]
            if choice != account.choice:
                asked = now + turn * 1e-6 if choice == ACTIVATE else None
                chosen[account.key] = replace(account, choice=choice, asked=asked)
        return seats.assign([chosen.get(account.key, account) for account in before], table.seats())

    def _save(self, before: list[Account], after: list[Account]) -> None:
        """Write what differs, then let Postfix and the rendered files follow."""
        lost = list(session_grounds.lost(before, after))
        after = session_grounds.marked(after, {account.key: ground for account, ground in lost}, self.clock.now())
        old = {account.key: account for account in before}
        changed = [account for account in after if old.get(account.key) != account]
        gone = old.keys() - {account.key for account in after}
        domains = domains_of(self.settings.values()["mail_delivery.general"])
        known = {"domain": domains[0], "domains": domains}
        facts = {name: value for name, value in known.items() if self.store.fact(name) != value}
        if changed or gone or facts:
            self.store.save(changed, gone, **facts)
        self._write_maps(after)
        if not self.store.synced():
            # Only now: the maps that Postfix is about to be pointed at must exist.
            self.store.save([], synced=True)
        for account, ground in lost:
            self.on_lost(account, ground)

    def end_sessions(self, name: str) -> Account | None:
        """Write that what a user had open is over; who that is, None when there is no such user."""
        with self.turn:
            before = self.store.all()
            account = next((one for one in before if one.key == name.lower()), None)
            if account is not None:
                grounds = {account.key: session_grounds.ENDED}
                self._save(before, session_grounds.marked(before, grounds, self.clock.now()))
        return account

    def _approved(self) -> frozenset[str]:
        approved = self.store.fact("approved")
        in_time = approved is not None and approved["until"] > self.clock.now()
        return frozenset(approved["names"]) if in_time else frozenset()

    def _domain(self) -> str:
        return str(self.settings.values()["mail_delivery.general"]["domain"])

    def _note(self, state: str, **facts: Any) -> dict[str, Any]:
        """Remember how the sync went, and tell when that is new."""
        former = self.state()
        last = self.clock.now() if state == OK else former["last"]
        now = {"state": state, "last": last, **facts}
        with suppress(Problem):
            # A success every few seconds is no reason to write: only its first, and once a minute for the page.
            if {**now, "last": 0} != {**former, "last": 0} or (last or 0) - (former["last"] or 0) > 60:
                self.store.save([], sync=now)
        if state != former["state"] or facts.get("refused") != former.get("refused"):
            self._tell("sync", _words(now), **facts)
        return now

    def _tell_plan(self, plan: sync.Plan) -> None:
        for text, names in (
            ("New: {}.", plan.added),
            ("Changed: {}.", plan.changed),
            ("Back: {}.", plan.returned),
            ("Gone from the host: {}.", plan.missing),
            ("Forgotten: {}.", plan.gone),
        ):
            if names:
                self._tell("accounts", text.format(", ".join(names)), names=names)

    def _tell_new_bans(self) -> None:
        with suppress(Problem):
            held = {(ban["kind"], ban["value"]): ban for ban in self.host("bans")["bans"]}
            for key in held.keys() - self.banned:
                self._tell("signin", f"Too many failed sign-ins: {key[0]} {key[1]} has to wait.", ban=held[key])
            self.banned = set(held)

    def _tell(self, kind: str, text: str, *, who: str = "Mailroom", where: str = "", **facts: Any) -> None:
        try:
            self.events.add(kind, text, who=who or "Mailroom", where=where, **facts)
        except Problem as reason:
            LOG.error("event not written: %s", reason.message)


def _words(now: dict[str, Any]) -> str:
    if now["state"] == REFUSED:
        names = now["refused"]["would_drop"]
        return f"Sync refused: {now['refused']['reason']} It would drop {', '.join(names[:10])}. Mail goes on."
    if now["state"] == UNREACHABLE:
        return f"The host's users cannot be read: {now['why']} Mail goes on with the last list."
    return "The accounts follow the host."
