"""Files for mail that is forwarded (X06-04): whose senders are rewritten, and which addresses lead back to them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mailroom.daemons.places import SRS_PORT

SENDERS, ADDRESSES = "srs_senders", "srs_addresses"


def senders(stay: Iterable[str]) -> str:
    """A regexp_table(5): everybody's mail to others comes round again, but for the senders of the domains that stay.

    Nothing is said of those: other tables may know a way for them.
    """
    return f"if /@/\n!/@({_any(stay)})$/ srs:[127.0.0.1]:{SRS_PORT}\nendif\n"


def addresses(domains: Iterable[str]) -> str:
    """A regexp_table(5) that finds our own return addresses, so that nothing else is asked of our filter."""
    return f'/^("?SRS[01][=+-].*@({_any(domains)}))$/ $1\n'


def _any(domains: Iterable[str]) -> str:
    return "|".join(re.sub(r"\.", r"[.]", domain) for domain in domains)
