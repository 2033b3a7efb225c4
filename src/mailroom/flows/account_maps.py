"""What Postfix knows of the accounts: small indexed files, made beside the old ones and put in their place in one step.

recipients  address -> OK                who has a mailbox (row DL01)
aliases     address -> addresses         the admin's aliases (rows AL01-AL03, AL07, X06-03); postmaster and abuse, which
                                         every domain must have (RFC 5321 4.5.1, RFC 2142); catch-alls (X06-02)
senders     address -> login names       who may send as whom (row DL11)
held        address -> 450 and a reason  users who have just disappeared from the host (check_recipient_access)
inactive    address -> 550 and a reason  users without mailbox whose mail is wanted from some senders only (row BC07)
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.core.pages.mail_delivery_alias import at_domain
from mailroom.core.pages.mail_delivery_general import separator_of
from mailroom.core.settings import AllValues
from mailroom.daemons.command import run
from mailroom.daemons.postfix.daemon import DAEMON as POSTFIX
from mailroom.daemons.shape import DaemonFailed
from mailroom.policy import auto_bcc
from mailroom.policy.aliases import Recipients
from mailroom.store.accounts import Account

ROLE_ADDRESSES = ("postmaster", "abuse")
HELD_REPLY = "450 4.2.1 This mailbox cannot be reached now; try again later"
NAMES = ("recipients", "aliases", "senders", "held", "inactive")

Texts = dict[str, str]
Rows = dict[str, dict[str, str]]


def texts(accounts: Iterable[Account], domains: Sequence[str], settings: AllValues) -> Texts:
    """The source of each map. Several domains while one takes the place of another."""
    known = sorted(accounts, key=lambda account: account.key)
    rows: Rows = {name: {} for name in NAMES}
    caught = {one["domain"]: one["recipient"] for one in settings["mail_delivery.alias"]["catch_all"]}
    # Else Postfix would take part of a name for the whole.
    keeps = separator_of(settings["mail_delivery.general"]) == "-"
    items = settings["mail_delivery.alias"]["aliases"]
    # Most domains have none of their own: what is the same for all is worked out once.
    led = {
        place: Recipients(at_domain(items, place), known, domains) for place in {"", *(one["domain"] for one in items)}
    }
    for domain in domains:
        place = _Place(domain, rows, known, led.get(domain, led[""]))
        catches = place.leads_to(caught[domain]) if domain in caught else []
        place.mailboxes()
        if not catches:
            _copied(rows, known, domain, settings["mail_delivery.auto_bcc"]["rules"])
        place.aliases(settings["mail_delivery.general"]["send_as_aliases"])
        _roles(rows, known, domain, place.recipients.aliases)
        if keeps or catches:
            place.keep()
        if catches:
            rows["aliases"][f"@{domain}"] = place.addresses(catches)
    return {
        name: "".join(f"{key}\t{value}\n" for key, value in sorted(entries.items())) for name, entries in rows.items()
    }


class _Place:
    """One domain's rows."""

    def __init__(self, domain: str, rows: Rows, accounts: Sequence[Account], recipients: Recipients) -> None:
        self.domain, self.rows, self.accounts, self.recipients = domain, rows, accounts, recipients

    @cached_property
    def active(self) -> frozenset[str]:
        """The login names of all who may use mail."""
        return frozenset(account.key for account in self.accounts if account.active)

    def mailboxes(self) -> None:
        """Who has a mailbox, may send, or has just disappeared."""
        for account in self.accounts:
            address = f"{account.key}@{self.domain}"
            if account.active or account.held:
                self.rows["recipients"][address] = "OK"
            if account.active:
                self.rows["senders"][address] = account.key
            if account.held:
                self.rows["held"][address] = HELD_REPLY

    def aliases(self, members_send: bool) -> None:
        """The admin's aliases. Also one that leads nowhere: the user of its name gets none of its mail.

        members_send: whether who gets an alias's mail may send as the alias.
        """
        for name, found in self.recipients.led.items():
            for kind in ("recipients", "held", "inactive"):
                self.rows[kind].pop(f"{name}@{self.domain}", None)
            if found:
                self.rows["aliases"][f"{name}@{self.domain}"] = self.addresses(found)
            if members_send:
                self._let_members_send(f"{name}@{self.domain}", found)

    def _let_members_send(self, address: str, found: Sequence[str]) -> None:
        already = self.rows["senders"].get(address)
        logins = dict.fromkeys([*([already] if already else []), *(one for one in found if one in self.active)])
        if logins:
            self.rows["senders"][address] = ", ".join(logins)

    def keep(self) -> None:
        """Lead each mailbox to itself, so that neither a catch-all nor a shorter name takes its mail."""
        for account in self.accounts:
            if (address := f"{account.key}@{self.domain}") in self.rows["recipients"]:
                self.rows["aliases"].setdefault(address, address)

    def leads_to(self, name: str) -> Sequence[str]:
        """Where mail to a user or an alias goes now; to nobody when that is nowhere."""
        return self.recipients.led.get(name, [name] if name in self.recipients.reachable else [])

    def addresses(self, found: Sequence[str]) -> str:
        """What a row of the map of aliases holds."""
        return ", ".join(one if "@" in one else f"{one}@{self.domain}" for one in found)


def _copied(rows: Rows, known: Sequence[Account], domain: str, rules: auto_bcc.Rules) -> None:
    for account in auto_bcc.without_mailbox(known) if rules else ():
        address = f"{account.key}@{domain}"
        if auto_bcc.takes(rules, address):
            rows["recipients"][address] = "OK"
        elif auto_bcc.by_sender(rules):
            rows["recipients"][address] = "OK"
            rows["inactive"][address] = auto_bcc.NO_MAILBOX


def _roles(rows: Rows, known: Sequence[Account], domain: str, aliases: Iterable[str]) -> None:
    reader = role_reader(account for account in known if account.active)
    for role in ROLE_ADDRESSES:
        address = f"{role}@{domain}"
        if reader is not None and address not in rows["recipients"] and role not in aliases:
            rows["aliases"][address] = f"{reader.key}@{domain}"
            rows["senders"][address] = reader.key


def role_reader(active: Iterable[Account]) -> Account | None:
    """Who reads postmaster's mail: the administrator who was activated first, else whoever was activated first."""
    return min(active, key=lambda account: (not account.admin, account.asked or 0.0, account.key), default=None)


class MapFiles:
    """The maps in a folder.

    make: runs `postmap`, which makes them, and raises DaemonFailed. reopen: has a running Postfix open them anew.
    """

    def __init__(
        self,
        folder: Path = paths.MAPS,
        make: Callable[[Sequence[str]], Any] | None = None,
        reopen: Callable[[], None] = POSTFIX.reload,
    ) -> None:
        self.folder, self.reopen = folder, reopen
        self.make = make or (lambda argv: run("postfix", argv))

    def write(self, wanted: Texts) -> list[str]:
        """Bring the maps up to date; the names of those that were changed. Raises DaemonFailed or OSError.

        A map is replaced by rename: a running Postfix sees that its file is no longer linked, and opens the new one.
        """
        stale = [name for name, text in wanted.items() if not self._holds(name, text)]
        if not stale:
            return []
        lost = [name for name in stale if not (self.folder / f"{name}.lmdb").exists()]
        beside = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            # Its own tiny configuration: the maps are needed before Postfix has been configured for the first time.
            (beside / "main.cf").write_text("compatibility_level = 3.6\n")
            for name in stale:
                source = beside / name
                source.write_text(wanted[name])
                self.make(("postmap", "-c", str(beside), f"lmdb:{source}"))
                made = beside / f"{name}.lmdb"
                made.chmod(0o644)
                # The index first: if the power fails between the two, the source still tells that work is left.
                made.replace(self.folder / made.name)
                source.replace(self.folder / name)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        if lost:
            # A busy smtpd that found no map says "try again later" to the end of its days. Before the very first start
            # there is no Postfix to tell.
            with suppress(DaemonFailed):
                self.reopen()
        return stale

    def _holds(self, name: str, text: str) -> bool:
        try:
            return (self.folder / f"{name}.lmdb").exists() and (self.folder / name).read_text() == text
        except FileNotFoundError:
            return False
