"""Which disclaimer a message gets (rows DI01-DI04, DI07, DI08): the first in the admin's order that is for it."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from mailroom.filtering.footer.put import Footer
from mailroom.filtering.wildcard import fits

Patterns = tuple[str, ...]
Domains = AbstractSet[str]


@dataclass(frozen=True)
class Disclaimer:
    """One that is enabled. match: "all" | "any" of the patterns; with none of them it is for every message."""

    name: str
    skip_inside: bool
    match: str
    senders: Patterns
    recipients: Patterns
    except_senders: Patterns
    except_recipients: Patterns
    footer: Footer

    def is_for(self, sender: str, recipients: Sequence[str], domains: Domains) -> bool:
        """Whether mail from `sender` to these recipients gets it. domains: our own. All in lower case."""
        if self.skip_inside and all(is_inside(one, domains) for one in recipients):
            return False
        if any(_fits(one, (sender,), domains) for one in self.except_senders):
            return False
        if any(_fits(one, recipients, domains) for one in self.except_recipients):
            return False
        rules = [_fits(one, (sender,), domains) for one in self.senders]
        rules += [_fits(one, recipients, domains) for one in self.recipients]
        return all(rules) if self.match == "all" or not rules else any(rules)


def compiled(items: Sequence[dict[str, Any]]) -> tuple[Disclaimer, ...]:
    """The enabled ones among the items of the setting, in order. Raises KeyError for an item that lacks a field."""
    return tuple(
        Disclaimer(
            name=item["name"],
            skip_inside=item["skip_inside"],
            match=item["match"],
            senders=tuple(item["senders"]),
            recipients=tuple(item["recipients"]),
            except_senders=tuple(item["except_senders"]),
            except_recipients=tuple(item["except_recipients"]),
            footer=Footer(item["html"], item["text"]),
        )
        for item in items
        if item["enabled"]
    )


def first_for(
    disclaimers: Sequence[Disclaimer], sender: str, recipients: Sequence[str], domains: Domains
) -> Disclaimer | None:
    """The disclaimer that a message gets, or None."""
    low = [one.lower() for one in recipients]
    return next((one for one in disclaimers if one.is_for(sender.lower(), low, domains)), None)


def is_inside(address: str, domains: Domains) -> bool:
    """Whether an address is of one of our own domains; all in lower case. An address without a domain is."""
    return address.rpartition("@")[2] in domains if "@" in address else True


def _fits(pattern: str, addresses: Sequence[str], domains: Domains) -> bool:
    """Whether one of the addresses matches. A pattern without @ is a user's name, so it means our own domains."""
    if "@" in pattern or pattern == "*":
        return any(fits(pattern, address) for address in addresses)
    return any(fits(pattern, one.rpartition("@")[0] or one) for one in addresses if is_inside(one, domains))
