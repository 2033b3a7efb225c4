"""Mail Delivery > Delivery: how mail goes out (guide ch. 7, rows RL01-RL04; X06-05 to X06-07)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import field_validator, model_validator

from mailroom.core.complaints import refuse
from mailroom.core.sender_relay import ACCOUNT, ADDRESS, NEEDS_BOTH, NEEDS_NAME, PASSWORD, SenderRelay, host
from mailroom.core.settings import BadField, Page, Values, setting


class MailDeliveryDelivery(Page):
    """Mail to other domains: through one server, e.g. the internet provider's, or to each domain's own."""

    page: ClassVar[str] = "mail_delivery.delivery"
    menu: ClassVar[str] = "mail_delivery"
    tab: ClassVar[str] = "delivery"
    title: ClassVar[str] = "Delivery"
    order: ClassVar[int] = 21
    groups: ClassVar[dict[str, str]] = {
        "relay": "SMTP relay",
        "senders": "Relays by sender domain",
        "announced": "Announced security",
    }
    kept_for: ClassVar[dict[str, tuple[str, ...]]] = {
        "password": ("server", "port", "always_tls", "implicit_tls", "verify", "account")
    }

    enabled: bool = setting(
        False,
        "Enable SMTP Relay",
        group="relay",
        rows="RL01",
        help="All mail to other domains is handed to the server below. Needed where the internet line has no fixed "
        "address of its own, because others refuse mail from such lines.",
        parameter="relayhost",
    )
    server: str = setting(
        "",
        "Server",
        group="relay",
        rows="RL01",
        help="Name or address of the relay server.",
        parameter="relayhost",
        depends={"enabled": True},
        indent=1,
        max_length=253,
        placeholder="smtp.example.com",
    )
    port: int = setting(
        587,
        "Port",
        group="relay",
        rows="RL01",
        help="Relay servers expect 587 with STARTTLS, 465 with TLS from the first byte, 25 from their own customers.",
        parameter="relayhost",
        depends={"enabled": True},
        indent=1,
        ge=1,
        le=65535,
    )
    always_tls: bool = setting(
        True,
        "Always use a secure connection (TLS)",
        group="relay",
        rows="RL02",
        help="Mail waits when the relay server offers no encryption. When off, encryption is used if it is offered.",
        parameter="smtp_tls_security_level",
        depends={"enabled": True},
        indent=1,
    )
    implicit_tls: bool = setting(
        False,
        "TLS from the first byte (SMTPS)",
        group="relay",
        rows="RL04",
        help="Instead of STARTTLS. Most relay servers expect it on port 465 (RFC 8314).",
        parameter="smtp_tls_wrappermode",
        depends={"enabled": True, "always_tls": True},
        indent=2,
    )
    verify: bool = setting(
        True,
        "Check the server's certificate",
        group="relay",
        rows="RL02",
        help="Mail waits when the certificate is not for this server, has expired, or comes from nobody who is known. "
        "Switch it off only for a server of your own whose certificate is self-signed.",
        parameter="smtp_tls_security_level",
        depends={"enabled": True, "always_tls": True},
        indent=2,
    )
    authentication: bool = setting(
        False,
        "Authentication required",
        group="relay",
        rows="RL03",
        help="Sign in to the relay server. On a connection without TLS the password is sent only by a method that does "
        "not show it.",
        parameter="smtp_sasl_auth_enable",
        depends={"enabled": True},
        indent=1,
    )
    account: str = setting(
        "",
        "Account",
        group="relay",
        rows="RL03",
        help="As the relay server's owner has told it; often a whole mail address.",
        parameter="smtp_sasl_password_maps",
        depends={"enabled": True, "authentication": True},
        indent=2,
        max_length=255,
        pattern=ACCOUNT,
    )
    password: str = setting(
        "",
        "Password",
        group="relay",
        rows="RL03",
        help="Kept sealed on this server and never shown again.",
        parameter="smtp_sasl_password_maps",
        depends={"enabled": True, "authentication": True},
        indent=2,
        widget="secret",
        max_length=1000,
        pattern=PASSWORD,
    )
    sender_relays: list[SenderRelay] = setting(
        [],
        "Relays by sender domain",
        group="senders",
        rows="X06-05",
        help="Mail to other domains that comes from a sender at one of these domains goes through its own server, "
        "whether or not there is a relay for all other mail.",
        parameter="sender_dependent_default_transport_maps",
        max_length=100,
    )
    dane: bool = setting(
        False,
        "Check servers by DANE",
        group="announced",
        rows="X06-06",
        help="A domain can say in its signed DNS which certificates its mail servers have. Mail to such a domain waits "
        "while none of its servers shows one of them; mail to all other domains goes out as before. The DNS servers of "
        "this NAS must hand signatures (DNSSEC) on; Server List says if they do not. What goes through a relay is not "
        "checked.",
        parameter="smtp_tls_security_level",
        depends={"enabled": False},
    )
    mta_sts: bool = setting(
        False,
        "Check servers by MTA-STS",
        group="announced",
        rows="X06-07",
        help="A domain can say on its website which mail servers it has, and that their certificates come from a known "
        "authority. Mail to such a domain waits while none of its servers is like that. What a domain has said is "
        "remembered for as long as the domain wants. What goes through a relay is not checked.",
        parameter="smtp_tls_policy_maps",
        depends={"enabled": False},
    )

    @field_validator("server")
    @classmethod
    def _host(cls, text: str) -> str:
        return host(text)

    @model_validator(mode="after")
    def _one_for_each_domain(self) -> MailDeliveryDelivery:
        known: set[str] = set()
        faults: dict[str, str] = {}
        for one in self.sender_relays:
            if one.domain in known:
                faults[f"sender_relays/{one.id}/domain"] = f"There is a relay for {one.domain} already."
            known.add(one.domain)
        refuse(faults)
        return self

    @model_validator(mode="after")
    def _whole(self) -> MailDeliveryDelivery:
        if not self.enabled:
            return self
        if not self.server:
            raise BadField("server", "Enter the relay server.")
        if self.always_tls and self.verify and ADDRESS.fullmatch(self.server):
            raise BadField("server", NEEDS_NAME)
        if self.authentication:
            refuse({key: NEEDS_BOTH for key in ("account", "password") if not getattr(self, key)})
        return self


def checks_dane(delivery: Values) -> bool:
    """Whether servers are checked by DANE: not a relay, whatever is ticked (X06-06). delivery: values of the page."""
    return bool(delivery["dane"] and not delivery["enabled"])
