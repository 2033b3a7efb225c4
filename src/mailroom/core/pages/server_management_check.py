"""Server Management > Check Options: what the deliverability check tries, and how often (row CL08)."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import field_validator

from mailroom.core.pages.mail_delivery_general import DOMAIN
from mailroom.core.settings import Page, setting

# Each answers for 127.0.0.2, takes questions from everybody within reason, and is really used by receivers.
LISTS = ["zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com"]
HOST_OR_NOTHING = rf"^$|{DOMAIN}"


class ServerManagementCheck(Page):
    """What is asked of the outside world to find out whether mail can come and go."""

    page: ClassVar[str] = "server_management.check_options"
    menu: ClassVar[str] = "server_management"
    tab: ClassVar[str] = "check_options"
    title: ClassVar[str] = "Check Options"
    order: ClassVar[int] = 90
    groups: ClassVar[dict[str, str]] = {"when": "When", "what": "What is asked"}

    daily: bool = setting(
        True,
        "Check deliverability every day",
        group="when",
        rows="CL08",
        help="DNS records, reverse name, ports, certificate, blocklists and clock are looked at once a day; what has "
        "changed is told in Server List.",
        effect="A record, a certificate or an address that goes bad is noticed only when mail stays away.",
    )
    outward_domain: str = setting(
        "gmail.com",
        "Mail domain for trying port 25",
        group="what",
        rows="CL08",
        help="A connection to one of this domain's mail servers shows whether port 25 is open on the way out. Nothing "
        "is sent but a greeting. Empty means that it is not tried.",
        pattern=HOST_OR_NOTHING,
        max_length=253,
        placeholder="gmail.com",
    )
    blocklists: list[str] = setting(
        LISTS,
        "DNS blocklists",
        group="what",
        rows="CL08",
        help="Lists of senders of spam that are asked whether the public address of this server is on them.",
        widget="tags",
        placeholder="Add a list, e.g. zen.spamhaus.org",
        max_length=32,
    )
    time_server: str = setting(
        "",
        "NTP server",
        group="what",
        rows="CL08",
        help="The clock is compared with this server. Empty means the one that the NAS itself is set to.",
        pattern=r"^$|^[A-Za-z0-9.:-]+$",
        max_length=253,
        placeholder="pool.ntp.org",
    )

    @field_validator("blocklists")
    @classmethod
    def _names(cls, lists: list[str]) -> list[str]:
        made = [name.strip().lower().rstrip(".") for name in lists]
        for name in made:
            if not re.fullmatch(DOMAIN, name) or len(name) > 180:
                raise ValueError(f"{name} is not the name of a list. Write it like zen.spamhaus.org.")
        return list(dict.fromkeys(made))
