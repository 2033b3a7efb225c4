"""What the filter needs of each settings page: the daemon writes exactly this into filter.json, the filter reads it.

No more than this: what the filter is not given it cannot obey, and a reload would be for nothing. Plain classes,
because the filter starts without the declarations of the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from mailroom.core.address import SEPARATORS

Items = list[dict[str, Any]]


@dataclass(frozen=True)
class Spam:
    """Values of the page Security > Spam."""

    page: ClassVar[str] = "security.spam"

    enabled: bool
    engine: str
    threshold: float
    tag_subject: bool
    subject_prefix: str
    when_down: str


@dataclass(frozen=True)
class Antivirus:
    """Values of the page Security > Antivirus."""

    page: ClassVar[str] = "security.antivirus"

    enabled: bool
    engine: str
    action: str
    when_down: str


@dataclass(frozen=True)
class General:
    """Values of the page Mail Delivery > General."""

    page: ClassVar[str] = "mail_delivery.general"

    domain: str
    hostname: str
    max_message_mb: int
    max_recipients: int
    max_hops: int
    attachment_limit: bool = False
    max_attachment_mb: int = 20
    address_separator: str = "none"
    sender_equals_login: bool = False

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
    """Values of the page Mail Delivery > Security."""

    page: ClassVar[str] = "mail_delivery.security"

    unknown_accounts: int
    own_senders: bool = False
    own_from: str = "deliver"
    own_exceptions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BlackWhiteList:
    """Values of the page Mail Delivery > Black & White List, as they were typed."""

    page: ClassVar[str] = "mail_delivery.lists"

    blacklist: Items = field(default_factory=list)
    whitelist: Items = field(default_factory=list)


@dataclass(frozen=True)
class AutoBcc:
    """Values of the page Mail Delivery > Auto BCC."""

    page: ClassVar[str] = "mail_delivery.auto_bcc"

    rules: Items = field(default_factory=list)


@dataclass(frozen=True)
class Disclaimers:
    """Values of the page Mail Delivery > Disclaimer."""

    page: ClassVar[str] = "mail_delivery.disclaimer"

    disclaimers: Items = field(default_factory=list)


@dataclass(frozen=True)
class DailyQuota:
    """Values of the page Mail Delivery > Daily Quota."""

    page: ClassVar[str] = "mail_delivery.daily_quota"

    limit_messages: bool = False
    messages: int = 500
    limit_volume: bool = False
    volume_mb: int = 1000


Part = TypeVar("Part", General, Spam, Antivirus, Policy, BlackWhiteList, AutoBcc, Disclaimers, DailyQuota)
PARTS: tuple[type[Any], ...] = Part.__constraints__


def keys_of(part: type[Any]) -> tuple[str, ...]:
    """The names of the settings that this part has of its page."""
    return tuple(one.name for one in fields(part))


def taken(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What of all settings (page -> key -> value) the filter needs, in the same shape."""
    return {part.page: {key: settings[part.page][key] for key in keys_of(part)} for part in PARTS}


def of(part: type[Part], known: Mapping[str, Mapping[str, Any]]) -> Part:
    """The part of what `taken` gave. Raises KeyError for what is missing."""
    return part(**{key: known[part.page][key] for key in keys_of(part)})
