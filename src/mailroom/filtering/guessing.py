"""Who writes to many accounts that do not exist is blocked until midnight (row PO10).

Counted are different accounts, by the client's address (of IPv6 by its /64, which one customer has whole). Whoever has
signed in, this machine itself and the networks that need no sign-in are never counted and never blocked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from mailroom.core.address import without_extension
from mailroom.core.net import counted_as
from mailroom.core.problems import Problem
from mailroom.filtering.message import Message, Recipient
from mailroom.filtering.rules import Rules
from mailroom.store.guesses import GuessStore

LOG = logging.getLogger("mailroom.filter")
UNKNOWN = "User unknown"


class Guessing:
    """Counts and remembers. now: seconds since the epoch; days are those of the NAS's clock.

    The job process tells of a block (flows/blocked.py): the filter writes no events.
    """

    def __init__(self, store: GuessStore, now: Callable[[], float] = time.time) -> None:
        self.store, self.now = store, now

    def blocks(self, message: Message, rules: Rules) -> bool:
        """Whether this message comes from an address that is blocked today."""
        try:
            return _counts(message, rules) and self.store.is_blocked(self._today(), counted_as(message.client.address))
        except Exception:
            # Without the table nobody is blocked: mail goes on.
            LOG.exception("blocked addresses cannot be read")
            return False

    def refused(self, message: Message, recipient: Recipient, rules: Rules) -> None:
        """Count a recipient that Postfix has refused as unknown."""
        if UNKNOWN not in recipient.refusal or not _counts(message, rules):
            return
        address, limit = counted_as(message.client.address), rules.policy.unknown_accounts
        try:
            account = without_extension(recipient.address.lower(), rules.general.separator)
            self.store.add(self._today(), address, account, limit, self.now())
        except Problem as reason:
            LOG.error("%s", reason.message)

    def _today(self) -> str:
        return time.strftime("%Y-%m-%d", time.localtime(self.now()))


def _counts(message: Message, rules: Rules) -> bool:
    return bool(rules.policy.unknown_accounts) and not message.login and not rules.is_inside(message.client.address)
