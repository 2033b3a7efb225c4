"""Mail Delivery > General: names, limits and sign-in for sending (guide ch. 7, rows DL01-DL11)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import field_validator, model_validator

from mailroom.core import typed_domain
from mailroom.core.address import SEPARATORS
from mailroom.core.complaints import refuse
from mailroom.core.lists import Item
from mailroom.core.net import networks
from mailroom.core.settings import Page, Values, setting

LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = rf"^({LABEL}\.)+[A-Za-z]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?$"


class AdditionalDomain(Item):
    """One more domain whose mail is received here, for all users."""

    title: ClassVar[str] = "Additional domain"
    label: ClassVar[str] = "domain"
    samples: ClassVar[tuple[dict[str, Any], ...]] = ({"domain": "one.example"}, {"domain": "two.example"})

    domain: str = setting(
        "",
        "Domain name",
        group="names",
        rows="DL02, DL03",
        help="Every user receives mail at this domain, too. Its MX record must lead to this server.",
        pattern=typed_domain.PATTERN,
        max_length=253,
        placeholder="example.org",
        column=True,
    )

    _in_a_labels = field_validator("domain", mode="before")(typed_domain.in_a_labels)


class MailDeliveryGeneral(Page):
    """What the server is called, what it accepts, and who may send through it."""

    page: ClassVar[str] = "mail_delivery.general"
    menu: ClassVar[str] = "mail_delivery"
    tab: ClassVar[str] = "general"
    title: ClassVar[str] = "General"
    order: ClassVar[int] = 20
    groups: ClassVar[dict[str, str]] = {
        "auth": "SMTP authentication",
        "names": "Domain",
        "addresses": "Addresses",
        "limits": "Limits",
    }

    smtp_auth: bool = setting(
        True,
        "Enable SMTP Authentication",
        group="auth",
        rows="DL09",
        help="Users sign in with their DSM account to send mail to other domains. When off, nobody can send through "
        "this server, except networks that need no sign-in.",
        parameter="smtpd_sasl_auth_enable",
        effect="Nobody can send mail to other domains through this server.",
    )
    skip_auth_on_lan: bool = setting(
        False,
        "Skip authentication for local network connections",
        group="auth",
        rows="DL10",
        help="Clients in the networks below may send without signing in. Useful for printers and scanners; any "
        "infected computer there may then send too.",
        parameter="mynetworks",
        indent=1,
        effect="Any device in the local networks can send mail to everybody without a password, an infected one too.",
    )
    lan_networks: list[str] = setting(
        [],
        "Local networks",
        group="auth",
        rows="DL10",
        help="Networks that may send without signing in. Empty means: the networks of this NAS's own interfaces.",
        parameter="mynetworks",
        depends={"skip_auth_on_lan": True},
        indent=1,
        widget="tags",
        placeholder="Add a network, e.g. 192.168.1.0/24",
        max_length=64,
    )
    sender_equals_login: bool = setting(
        True,
        "Sender name and login name must be identical",
        group="auth",
        rows="DL11",
        help="A signed-in user may send only as an own address, in the envelope (MAIL FROM) and in the message itself "
        "(From, Sender). Stops a user from writing in another's name. The mail portal always keeps to it.",
        parameter="smtpd_sender_login_maps",
        depends={"smtp_auth": True},
        indent=1,
        effect="A user who has signed in can send mail in the name of somebody else.",
    )
    send_as_aliases: bool = setting(
        False,
        "Users may also send as aliases that they are members of",
        group="auth",
        rows="DL11",
        help="Mail of info@example.com may then be sent by everybody who receives mail to info@example.com.",
        parameter="smtpd_sender_login_maps",
        indent=1,
    )
    disable_auto_forwarding: bool = setting(
        False,
        "Disable auto forwarding",
        group="auth",
        rows="DL12",
        help="Mail stays in the mailbox of a user whose own rules would send it on by themselves. None of the rules of "
        "such a user are followed as long as one of them forwards. Forwarding a message by hand is not touched.",
        parameter="sieve_max_redirects",
    )
    domain: str = setting(
        "localdomain.invalid",
        "Domain name",
        group="names",
        rows="DL01, SW05",
        help="Mail to anybody@this-domain is received here. It should match the domain's MX record.",
        parameter="virtual_mailbox_domains",
        pattern=typed_domain.PATTERN,
        max_length=253,
        placeholder="example.com",
    )
    additional_domains: list[AdditionalDomain] = setting(
        [],
        "Additional Domain",
        group="names",
        rows="DL02, DL03",
        help="Mail to anybody at these domains is received here, too, for the same users.",
        parameter="virtual_mailbox_domains",
        max_length=100,
    )
    hostname: str = setting(
        "mail.localdomain.invalid",
        "Hostname (FQDN)",
        group="names",
        rows="DL01, SW06",
        help="The name by which this server greets others. It should match its A record and the reverse record.",
        parameter="myhostname",
        machine=True,
        pattern=typed_domain.PATTERN,
        max_length=253,
        placeholder="mail.example.com",
    )
    banner: str = setting(
        "",
        "SMTP banner",
        group="names",
        rows="DL01",
        help="Text after the host name in the greeting. Empty means ESMTP only, which tells strangers least.",
        parameter="smtpd_banner",
        max_length=200,
        pattern=r"^[\x20-\x7e]*$",
        placeholder="ESMTP",
        effect="Strangers read this text at each connection and may learn from it what runs here.",
    )
    address_separator: Literal["none", "plus", "minus"] = setting(
        "none",
        "Separator of address extensions",
        group="addresses",
        rows="X06-01",
        help="With +, mail to ben+shop@example.com reaches ben: users may put whatever they like between the separator "
        "and the @, and so can aliases. With -, a name ends at its first dash, unless the whole is somebody's address.",
        parameter="recipient_delimiter",
        labels={"none": "None", "plus": "+ (ben+shop)", "minus": "- (ben-shop)"},
    )
    extension_folder: bool = setting(
        False,
        "Deliver to the folder with the name of the extension",
        group="addresses",
        rows="X06-01",
        help="Mail to ben+shop@example.com goes to ben's folder shop if there is one that is spelt the same, and to "
        "the inbox if not. At domains with a catch-all it goes to the inbox.",
        parameter="lmtp_save_to_detail_mailbox",
        depends={"address_separator": "plus"},
        indent=1,
    )
    srs: bool = setting(
        True,
        "Rewrite the sender of forwarded mail (SRS)",
        group="addresses",
        rows="X06-04",
        help="Mail from elsewhere that an alias or a user's rule sends on to another server leaves with a sender of "
        "this domain, so that the other server's SPF check does not refuse it. Failures find their way back to the "
        "true sender. Nothing in the message itself is changed.",
        parameter="sender_dependent_default_transport_maps",
        effect="Other servers refuse mail that is forwarded to them when its sender's domain has an SPF record.",
    )
    max_recipients: int = setting(
        1000,
        "Max recipients per message",
        group="limits",
        rows="DL05",
        help="A message to more recipients is refused for those beyond the limit.",
        parameter="smtpd_recipient_limit",
        ge=1,
        le=10000,
    )
    max_hops: int = setting(
        50,
        "Max message hops",
        group="limits",
        rows="DL06",
        help="A message that has passed more servers than this is going in circles and is returned.",
        parameter="hopcount_limit",
        ge=1,
        le=1000,
    )
    max_message_mb: int = setting(
        30,
        "Maximum size per email",
        group="limits",
        rows="DL07",
        help="Larger messages are refused. Attachments grow by a third when sent.",
        parameter="message_size_limit",
        unit="MB",
        ge=1,
        le=2000,
    )

    attachment_limit: bool = setting(
        False,
        "Enable size limit on single attachments",
        group="limits",
        rows="DL08",
        help="A message, received or sent, is refused when one of its attachments alone is larger than this.",
    )
    max_attachment_mb: int = setting(
        20,
        "Size limit",
        group="limits",
        rows="DL08",
        help="Of the file itself, as it will be saved.",
        depends={"attachment_limit": True},
        indent=1,
        unit="MB",
        ge=1,
        le=2000,
    )

    @model_validator(mode="after")
    def _domains_differ(self) -> MailDeliveryGeneral:
        known = {self.domain, local_domain(self.domain)}
        faults: dict[str, str] = {}
        for one in self.additional_domains:
            if one.domain in known:
                faults[f"additional_domains/{one.id}/domain"] = f"{one.domain} is received here already."
            known.add(one.domain)
        refuse(faults)
        return self

    _in_a_labels = field_validator("domain", "hostname", mode="before")(typed_domain.in_a_labels)

    @field_validator("banner")
    @classmethod
    def _no_expansion(cls, banner: str) -> str:
        if "$" in banner:
            raise ValueError("The banner may not contain a dollar sign.")
        return banner

    @field_validator("lan_networks")
    @classmethod
    def _networks(cls, texts: list[str]) -> list[str]:
        return networks(texts)


def separator_of(general: Values) -> str:
    """What parts a name and its extension in an address, "" when nothing does (X06-01). general: values of the page."""
    return SEPARATORS[general["address_separator"]]


def local_domain(domain: str) -> str:
    """The domain below it that some programs write to by themselves (row DL04)."""
    return f"localhost.{domain}"


def is_set_up(name: str) -> bool:
    """Whether somebody has chosen this domain or host name: the defaults are names that exist nowhere (RFC 2606)."""
    return not name.endswith(".invalid")


def named_domains(general: Values) -> list[str]:
    """The domains that were given to this server, the main one first (rows DL01-DL03). general: values of the page."""
    return [general["domain"], *(one["domain"] for one in general["additional_domains"])]


def domains_of(general: Values) -> list[str]:
    """Every domain whose mail is received here, the main one first (rows DL01-DL04). general: values of the page."""
    return [*named_domains(general), local_domain(general["domain"])]
