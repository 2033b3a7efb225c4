"""Which users who cannot use mail are nevertheless taken mail for, because a copy of it is wanted (row BC07).

Such mail is accepted, copied, and returned to its sender by Dovecot's refusal, as the guide says. Postfix decides at
RCPT TO, so that mail of which no copy is wanted is refused there, as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mailroom.core.pages.mail_delivery_auto_bcc import ALL, FROM, TO
from mailroom.store.accounts import Account

NO_MAILBOX = "550 5.1.1 User unknown"

Rules = Sequence[dict[str, Any]]


def takes(rules: Rules, address: str) -> bool:
    """Whether a copy is wanted of any mail to this address, whoever sends it."""
    return any(one["criterion"] == ALL or (one["criterion"] == TO and one["text"] in address) for one in rules)


def by_sender(rules: Rules) -> bool:
    """Whether it depends on the sender too (daemons/postfix/bcc_senders.py)."""
    return any(one["criterion"] == FROM for one in rules)


def without_mailbox(accounts: Iterable[Account]) -> list[Account]:
    """Users of the host who could have a mailbox, but have none now."""
    return [
        one for one in accounts if not one.active and not one.held and not one.unusable and one.missing_since is None
    ]
