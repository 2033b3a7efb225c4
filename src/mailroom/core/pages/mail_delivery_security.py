"""Mail Delivery > Security: who may connect, how often, and under which names (guide ch. 7, rows PO01-PO11)."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import field_validator

from mailroom.core import criteria
from mailroom.core.pages.mail_delivery_general import DOMAIN
from mailroom.core.settings import Page, setting

NO_LIMIT = "0 means no limit."
MANY: dict[str, Any] = {"ge": 0, "le": 100_000}
ANNOUNCED = {"mta_sts_mode": ["testing", "enforce"]}
SERVERS_MAX = 20
OWN_EXCEPTIONS_MAX = 100


class MailDeliverySecurity(Page):
    """What senders and other servers must keep to. Users who sign in and networks that need no sign-in are exempt."""

    page: ClassVar[str] = "mail_delivery.security"
    menu: ClassVar[str] = "mail_delivery"
    tab: ClassVar[str] = "security"
    title: ClassVar[str] = "Security"
    order: ClassVar[int] = 22
    groups: ClassVar[dict[str, str]] = {
        "sender": "Sender Policy",
        "connection": "Connection Policy",
        "advanced": "Advanced",
        "announced": "Security Announced to Others (MTA-STS)",
    }

    sender_fqdn: bool = setting(
        False,
        "Reject senders without fully qualified domain name (FQDN)",
        group="sender",
        rows="PO01",
        help="A sender like anna@office is refused, because nobody could answer it.",
        parameter="reject_non_fqdn_sender",
    )
    sender_domain: bool = setting(
        False,
        "Reject senders using unknown domains",
        group="sender",
        rows="PO02",
        help="A sender is refused when its domain has neither an MX nor an A record. When DNS does not answer, the "
        "mail waits at the sender.",
        parameter="reject_unknown_sender_domain",
    )
    own_senders: bool = setting(
        True,
        "Reject senders of own domains from outside",
        group="sender",
        rows="X06-10",
        help="Mail that other servers bring with a sender (MAIL FROM) of a domain of this server is refused: its own "
        "users sign in. Not refused are networks that need no sign-in, what the white list lets pass, return addresses "
        "of forwarded mail (SRS), and the exceptions below.",
        effect="Strangers can write to your users in the name of their own colleagues.",
        earlier=False,
    )
    own_from: Literal["deliver", "junk", "reject"] = setting(
        "junk",
        "Mail of other senders that shows an address of an own domain (From)",
        group="sender",
        rows="X06-10",
        help="Most of it is forged, but so look contact forms of a website, invoices of a service, and what a user has "
        "forwarded from elsewhere. Mail that comes through a mailing list (List-Id) is delivered: refusing it would "
        "lose what your own users write there.",
        depends={"own_senders": True},
        indent=1,
        labels={"deliver": "Deliver", "junk": "File into Junk", "reject": "Reject"},
        effect="Strangers can write to your users under the name of their own colleagues.",
    )
    own_exceptions: list[str] = setting(
        [],
        "Except from these servers and senders",
        group="sender",
        rows="X06-10",
        help="Addresses or networks of servers that send for you, such as a website's or a newsletter's, or senders "
        "like form@example.com or *@news.example. Senders can be forged: name servers where you can.",
        depends={"own_senders": True},
        indent=1,
        widget="tags",
        placeholder="Add a server or a sender, e.g. 192.0.2.0/24 or form@example.com",
        max_length=OWN_EXCEPTIONS_MAX,
    )
    client_name: bool = setting(
        False,
        "Reject unknown client hostnames",
        group="connection",
        rows="PO03",
        help="A server is refused when its address has no name, or the name does not lead back to the address. Some "
        "honest servers are set up like that.",
        parameter="reject_unknown_client_hostname",
    )
    connections_at_once: int = setting(
        50,
        "Keeping more concurrent connections than the limit",
        group="connection",
        rows="PO04",
        help=f"Further connections from the same address are turned away until there are fewer. {NO_LIMIT}",
        parameter="smtpd_client_connection_count_limit",
        **MANY,
    )
    messages_per_minute: int = setting(
        0,
        "Sending more messages than the limit in one minute",
        group="connection",
        rows="PO05",
        help=f"Further messages from the same address have to wait until the minute is over. {NO_LIMIT}",
        parameter="smtpd_client_message_rate_limit",
        **MANY,
    )
    connections_per_minute: int = setting(
        0,
        "Building more connections than the limit in one minute",
        group="connection",
        rows="PO06",
        help=f"Further connections from the same address have to wait until the minute is over. {NO_LIMIT}",
        parameter="smtpd_client_connection_rate_limit",
        **MANY,
    )
    pipelining: bool = setting(
        True,
        "Reject unauthorized pipelining requests",
        group="advanced",
        rows="PO07",
        help="Who sends commands without waiting where that is not allowed is no honest mail server (RFC 2920).",
        parameter="reject_unauth_pipelining, smtpd_forbid_unauth_pipelining",
    )
    helo_fqdn: bool = setting(
        False,
        "Reject HELO hostnames without fully qualified domain name (FQDN)",
        group="advanced",
        rows="PO08",
        help="A server that greets as “mail” or as a bare address is refused.",
        parameter="reject_non_fqdn_helo_hostname",
    )
    helo_name: bool = setting(
        False,
        "Reject unknown HELO hostnames",
        group="advanced",
        rows="PO09",
        help="A server is refused when the name by which it greets has neither an A nor an MX record.",
        parameter="reject_unknown_helo_hostname",
    )
    unknown_accounts: int = setting(
        100,
        "Block any IP emailing more non-existent accounts than the limit",
        group="advanced",
        rows="PO10",
        help="Who writes to more different accounts that do not exist on one day guesses addresses. The address may "
        f"send no more mail until midnight; Security > Blocked Sign-ins shows it and can lift that. {NO_LIMIT}",
        **MANY,
    )
    junk_commands: int = setting(
        100,
        "Max junk commands per session",
        group="advanced",
        rows="PO11",
        help="After so many commands that lead to no mail (NOOP, VRFY, ETRN, RSET) each further one counts as an "
        "error; errors are answered late, and too many end the session.",
        parameter="smtpd_junk_command_limit",
        ge=1,
        le=100_000,
    )
    mta_sts_mode: Literal["off", "testing", "enforce"] = setting(
        "off",
        "Other servers must encrypt mail to this server",
        group="announced",
        rows="X06-08",
        help="Tells servers that send to the domains of this server to do so only encrypted, and only to a server that "
        "proves its name by a certificate (MTA-STS, RFC 8461). Begin with testing: then they only report what would "
        "not work. The DNS records that belong to it are shown below.",
        labels={
            "off": "Off",
            "testing": "Testing: report what would not work",
            "enforce": "Enforce: deliver encrypted or not at all",
        },
    )
    mta_sts_max_age_days: int = setting(
        7,
        "Others remember this for",
        group="announced",
        rows="X06-08",
        help="The longer, the better it protects; and so long others go on insisting after a change that they have not "
        "seen. When it is switched off, this server tells so for this time; leave the DNS records as they are shown.",
        depends=ANNOUNCED,
        indent=1,
        unit="days",
        ge=1,
        le=365,
    )
    mta_sts_servers: list[str] = setting(
        [],
        "Further mail servers",
        group="announced",
        rows="X06-08",
        help="The host name of this server is always named. Name here other servers that MX records of your domains "
        "lead to, e.g. one that takes mail while this server is off; *.example.net stands for all names like "
        "mx.example.net.",
        depends=ANNOUNCED,
        indent=1,
        widget="tags",
        placeholder="Add a server, e.g. mx.example.net",
        max_length=SERVERS_MAX,
    )

    @field_validator("own_exceptions")
    @classmethod
    def _exceptions(cls, texts: list[str]) -> list[str]:
        return list(dict.fromkeys(_exception(text.strip()) for text in texts))

    @field_validator("mta_sts_servers")
    @classmethod
    def _servers(cls, names: list[str]) -> list[str]:
        for name in names:
            if not re.fullmatch(DOMAIN, name.removeprefix("*.")) or len(name) > 253:
                raise ValueError(f"{name} is no name of a server.")
        return list(dict.fromkeys(name.lower() for name in names))


def _exception(text: str) -> str:
    """One server or sender, in its one spelling. Raises ValueError."""
    if "@" in text or "*" in text:
        return criteria.address(text)
    try:
        return criteria.ip_mask(text) if "/" in text else criteria.ip(text)
    except ValueError:
        raise ValueError(f"{text} is neither an address or network of a server nor a sender.") from None
