"""What users who have signed in send to others is counted, and limited (rows DQ01-DQ05).

A message counts when everything else has said yes, and only if Postfix was told that it is accepted: what is refused,
quarantined or deleted does not count, what comes back later does. So a refused message is never in another's way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from mailroom.core.filter_settings import DailyQuota
from mailroom.core.problems import Problem
from mailroom.filtering.message import Message
from mailroom.filtering.rules import Rules
from mailroom.store.usage import Limits, Taken, Usage, UsageStore

LOG = logging.getLogger("mailroom.filter")
# Stands in Taken.full when the table cannot be used.
UNKNOWN = "unknown"


def limits_of(quota: DailyQuota) -> Limits:
    """What of it is enabled."""
    return Limits(
        quota.messages if quota.limit_messages else None,
        quota.volume_mb * 1024 * 1024 if quota.limit_volume else None,
    )


class Quota:
    """Takes messages into account. now: seconds since the epoch."""

    def __init__(self, store: UsageStore, now: Callable[[], float] = time.time) -> None:
        self.store, self.now = store, now

    def take(self, message: Message, rules: Rules) -> Taken | None:
        """The answer about a message that is about to be accepted; None when it is no message that counts."""
        if not goes_out(message, rules):
            return None
        limits, now = limits_of(rules.daily_quota), self.now()
        try:
            return self.store.take(message.id, message.login, message.size, limits, now)
        except Problem as reason:
            LOG.error("%s", reason.message)
            # Without limits nobody waits because something cannot be counted.
            return Taken(Usage(0, 0, now), UNKNOWN) if limits.messages or limits.bytes else None

    def settle(self, message: Message, accepted: bool) -> None:
        """The message's end: it counts for good, or not at all."""
        if message.taken is None or message.taken.full:
            return
        message.taken = None
        try:
            (self.store.count if accepted else self.store.give_back)(message.id)
        except Problem as reason:
            # What is pending lapses by itself.
            LOG.error("%s", reason.message)


def goes_out(message: Message, rules: Rules) -> bool:
    """Whether somebody who has signed in sends it to another domain."""
    domains = (one.address.lower().rpartition("@") for one in message.accepted)
    return bool(message.login) and any(at and domain not in rules.domains for _, at, domain in domains)
