"""The filter's settings: plain values from the rendered filter.json, read again on SIGHUP."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass, field
from pathlib import Path

from mailroom.core import paths
from mailroom.core.address import SEPARATORS
from mailroom.filtering.bcc_rules import BccRule
from mailroom.filtering.disclaimers import Disclaimer, compiled
from mailroom.filtering.lists import Lists
from mailroom.store.usage import Limits

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
FILE = paths.CURRENT / "filter" / "filter.json"


@dataclass(frozen=True)
class Spam:
    """Values of the page Security > Spam."""

    enabled: bool
    engine: str
    threshold: float
    tag_subject: bool
    subject_prefix: str
    when_down: str


@dataclass(frozen=True)
class Antivirus:
    """Values of the page Security > Antivirus."""

    enabled: bool
    engine: str
    action: str
    when_down: str


@dataclass(frozen=True)
class General:
    """What the filter needs of the page Mail Delivery > General."""

    domain: str
    hostname: str
    max_message_mb: int
    max_recipients: int
    max_hops: int
    attachment_limit: bool = False
    max_attachment_mb: int = 20
    address_separator: str = "none"

    @property
    def separator(self) -> str:
        """What parts a name and its extension in an address, or "" (X06-01)."""
        return SEPARATORS[self.address_separator]

    @property
    def max_message_bytes(self) -> int:
        """The limit of a whole message."""
        return self.max_message_mb * 1024 * 1024


@dataclass(frozen=True)
class Policy:
    """What the filter needs of the page Mail Delivery > Security."""

    unknown_accounts: int


@dataclass(frozen=True)
class DailyQuota:
    """Values of the page Mail Delivery > Daily Quota."""

    limit_messages: bool = False
    messages: int = 500
    limit_volume: bool = False
    volume_mb: int = 1000

    @property
    def limits(self) -> Limits:
        """What of it is enabled."""
        return Limits(
            self.messages if self.limit_messages else None,
            self.volume_mb * 1024 * 1024 if self.limit_volume else None,
        )


@dataclass(frozen=True)
class Rules:
    """Everything the checks and actions may look at.

    trusted: networks that need no sign-in. domains: whose mail is received here, in lower case.
    """

    general: General
    spam: Spam
    antivirus: Antivirus
    policy: Policy
    trusted: tuple[Network, ...] = ()
    disclaimers: tuple[Disclaimer, ...] = ()
    lists: Lists = field(default_factory=Lists)
    auto_bcc: tuple[BccRule, ...] = ()
    daily_quota: DailyQuota = DailyQuota()
    domains: frozenset[str] = frozenset()


def read(file: Path = FILE) -> Rules:
    """The rules in `file`. Raises OSError or ValueError; the caller then keeps the ones it has."""
    known = json.loads(file.read_text())
    try:
        return Rules(
            general=General(**{name: known["general"][name] for name in General.__annotations__}),
            spam=Spam(**{name: known["spam"][name] for name in Spam.__annotations__}),
            antivirus=Antivirus(**{name: known["antivirus"][name] for name in Antivirus.__annotations__}),
            policy=Policy(**{name: known["policy"][name] for name in Policy.__annotations__}),
            trusted=tuple(ipaddress.ip_network(one) for one in known["trusted"]),
            disclaimers=compiled(known["disclaimer"]["disclaimers"]),
            auto_bcc=tuple(BccRule(one["criterion"], one["text"], one["target"]) for one in known["auto_bcc"]["rules"]),
            lists=Lists(
                known["lists"]["blacklist"],
                known["lists"]["whitelist"],
                SEPARATORS[known["general"]["address_separator"]],
            ),
            daily_quota=DailyQuota(**{name: known["daily_quota"][name] for name in DailyQuota.__annotations__}),
            domains=frozenset(known["domains"]),
        )
    except KeyError as missing:
        raise ValueError(f"{file} lacks {missing}") from None
