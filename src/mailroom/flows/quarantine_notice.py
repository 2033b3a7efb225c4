"""What a recipient is told when a message was kept in the quarantine (row AV09).

Only recipients with a mailbox here; once for each message, and DAILY_MAX times a day for each of them. The notice names
sender, time and finding, and nothing else of the message. It has no sender of its own (RFC 3834), so that it starts no
exchange of replies, and does not come from outside: the filter is not asked about it.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

from mailroom.core import durable, mail_header, paths
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.mail_text import text_part
from mailroom.core.pages.mail_delivery_alias import at_domain
from mailroom.core.pages.mail_delivery_general import domains_of, separator_of
from mailroom.core.settings import AllValues
from mailroom.daemons.command import run
from mailroom.daemons.postfix.daemon import CONFIG
from mailroom.daemons.shape import DaemonFailed
from mailroom.filtering.order import TITLES
from mailroom.flows.quarantine_notice_words import WORDS
from mailroom.monitor.quarantine import Folder, Kept
from mailroom.policy.aliases import Recipients
from mailroom.store.accounts import Account

LOG = logging.getLogger("mailroom.quarantine")
NOTE = paths.DB / "quarantine-notices.json"
DAILY_MAX = 10
# What was kept before the server ran again is still told of, but not what is older.
FRESH_S = 86_400.0
# An alias or a group may have any number of members.
RECIPIENTS_MAX = 200
LETTERS_MAX = 200


def submit(address: str, message: bytes) -> None:
    """Hand a notice to Postfix, from nobody (sendmail(1)). Raises DaemonFailed."""
    argv = ("sendmail", "-C", str(CONFIG), "-i", "-f", "", "--", address)
    run("postfix", argv, given=message.decode("ascii"))


class Notices:
    """note: which messages were told of, and how often each recipient was told today."""

    def __init__(
        self,
        accounts: Callable[[], Iterable[Account]],
        send: Callable[[str, bytes], None] = submit,
        note: Path = NOTE,
        clock: Clock | None = None,
    ) -> None:
        self.accounts, self.send, self.note, self.clock = accounts, send, note, clock or SystemClock()

    def tell(self, folder: Folder, settings: AllValues) -> int:
        """Tell of what is new; how many notices were sent. A notice that could not be sent is not sent again."""
        try:
            _, kept = folder.all()
        except OSError as reason:
            LOG.warning("the quarantine cannot be read: %s", reason)
            return 0
        note = self._read()
        told = set(note["told"])
        fresh = [one for one in kept if one.id not in told and one.time > self.clock.now() - FRESH_S]
        if not fresh:
            return 0
        # First remembered, then told: after a power cut nobody is told twice.
        note["told"] = [one.id for one in kept if one.time > self.clock.now() - FRESH_S]
        today = time.strftime("%Y-%m-%d", time.localtime(self.clock.now()))
        if note["day"] != today:
            note |= {"day": today, "counts": {}}
        due = self._due(fresh, note["counts"], settings) if settings["security.antivirus"]["notify"] else []
        try:
            durable.replace(self.note, json.dumps(note))
        except OSError as reason:
            LOG.warning("nobody is told while that cannot be noted: %s", reason)
            return 0
        return sum(self._send(one, address, settings) for one, address in due)

    def _due(self, fresh: list[Kept], counts: dict[str, int], settings: AllValues) -> list[tuple[Kept, str]]:
        """(message, whom to tell), oldest first; counted as told."""
        found: list[tuple[Kept, str]] = []
        mailboxes = Mailboxes(self.accounts(), settings)
        for one in reversed(fresh):
            for address in mailboxes.of(one.recipients):
                if counts.get(address, 0) < DAILY_MAX:
                    counts[address] = counts.get(address, 0) + 1
                    found.append((one, address))
        return found

    def _send(self, one: Kept, address: str, settings: AllValues) -> bool:
        try:
            self.send(address, notice(one, address, settings))
        except (DaemonFailed, ValueError) as reason:
            LOG.warning("%s was not told of %s: %s", address, one.id, reason)
            return False
        return True

    def _read(self) -> dict[str, Any]:
        usual: dict[str, Any] = {"told": [], "day": "", "counts": {}}
        try:
            return {**usual, **json.loads(self.note.read_text())}
        except (OSError, ValueError):
            return usual


class Mailboxes:
    """Who of the recipients of a message has a mailbox here, also behind aliases and groups."""

    def __init__(self, accounts: Iterable[Account], settings: AllValues) -> None:
        general = settings["mail_delivery.general"]
        self.known = list(accounts)
        self.active = {account.key for account in self.known if account.active}
        self.domain, self.domains = general["domain"], domains_of(general)
        self.separator = separator_of(general)
        self.items = settings["mail_delivery.alias"]["aliases"]
        self.led: dict[str, dict[str, list[str]]] = {}

    def of(self, recipients: Iterable[str]) -> list[str]:
        """The addresses of their mailboxes, each once."""
        found: dict[str, None] = {}
        for address in recipients:
            name, _, domain = address.lower().rpartition("@")
            if domain in self.domains:
                found |= dict.fromkeys(f"{key}@{domain}" for key in self._keys(name, domain))
        return list(found)[:RECIPIENTS_MAX]

    def _keys(self, name: str, domain: str) -> list[str]:
        if domain not in self.led:
            self.led[domain] = Recipients(at_domain(self.items, domain), self.known, self.domains).led
        led = self.led[domain]
        names = [name, *([name.partition(self.separator)[0]] if self.separator else [])]
        members = next((led[one] for one in names if one in led), names)
        # A member elsewhere is nobody's mailbox here.
        return [one for one in members if one in self.active]


def notice(one: Kept, address: str, settings: AllValues) -> bytes:
    """The whole message, line ends as sendmail(1) wants them. Raises ValueError for what cannot stand in a header."""
    general = settings["mail_delivery.general"]
    subject, text = WORDS[settings["security.antivirus"]["notify_language"]]
    found = ", ".join(f"{TITLES.get(check, check)}: {_plain(detail)}" for check, detail in one.checks)
    filled = text.format(
        recipient=address,
        sender=_plain(one.sender) or "-",
        when=time.strftime("%Y-%m-%d %H:%M", time.localtime(one.time)),
        checks=found,
        id=one.id,
        hostname=general["hostname"],
    )
    fields = (
        mail_header.address_field("From", [("Mailroom", f"postmaster@{general['domain']}")]),
        mail_header.address_field("To", [("", address)]),
        mail_header.text_field("Subject", subject),
        mail_header.structured_field("Date", *formatdate().split(" ")),
        mail_header.structured_field("Message-ID", make_msgid(domain=general["hostname"])),
        mail_header.structured_field("Auto-Submitted", "auto-generated"),
        mail_header.structured_field("MIME-Version", "1.0"),
        text_part(filled),
    )
    return b"".join(fields).replace(b"\r\n", b"\n")


def _plain(text: str) -> str:
    """What a stranger has written, as one short line."""
    return mail_header.one_line(text)[:LETTERS_MAX]
