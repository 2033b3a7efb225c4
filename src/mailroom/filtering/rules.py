"""The filter's settings: plain values from the rendered filter.json, read again on SIGHUP."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass, field
from pathlib import Path

from mailroom.core import paths
from mailroom.core.filter_settings import (
    Antivirus,
    AutoBcc,
    BlackWhiteList,
    DailyQuota,
    Disclaimers,
    General,
    Policy,
    Spam,
    of,
)
from mailroom.filtering import exceptions
from mailroom.filtering.bcc_rules import BccRule
from mailroom.filtering.disclaimers import Disclaimer, compiled
from mailroom.filtering.exceptions import Exceptions
from mailroom.filtering.lists import Lists

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
FILE = paths.CURRENT / "filter" / "filter.json"


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
    daily_quota: DailyQuota = field(default_factory=DailyQuota)
    domains: frozenset[str] = frozenset()
    own_exceptions: Exceptions = field(default_factory=Exceptions)

    def is_inside(self, address: str) -> bool:
        """Whether a client's address is of this machine itself, "" too, or of a network that needs no sign-in."""
        client = ipaddress.ip_address(address) if address else None
        return client is None or client.is_loopback or any(client in network for network in self.trusted)


def read(file: Path = FILE) -> Rules:
    """The rules in `file`. Raises OSError or ValueError; the caller then keeps the ones it has."""
    known = json.loads(file.read_text())
    try:
        general, lists, policy = of(General, known), of(BlackWhiteList, known), of(Policy, known)
        return Rules(
            general=general,
            spam=of(Spam, known),
            antivirus=of(Antivirus, known),
            policy=policy,
            trusted=tuple(ipaddress.ip_network(one) for one in known["trusted"]),
            disclaimers=compiled(of(Disclaimers, known).disclaimers),
            auto_bcc=tuple(BccRule(one["criterion"], one["text"], one["target"]) for one in of(AutoBcc, known).rules),
            lists=Lists(lists.blacklist, lists.whitelist, general.separator),
            daily_quota=of(DailyQuota, known),
            domains=frozenset(known["domains"]),
            own_exceptions=exceptions.compiled(policy.own_exceptions),
        )
    except KeyError as missing:
        raise ValueError(f"{file} lacks {missing}") from None
