"""Mail Delivery > Delivery: sending through another server (guide ch. 7, rows RL01-RL04)."""

from __future__ import annotations

import ipaddress
import re
from typing import ClassVar

from pydantic import field_validator, model_validator

from mailroom.core.settings import BadField, Page, setting

LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# What `_host` lets through of addresses: no name ends in a number, and none has a colon.
ADDRESS = re.compile(r"^[0-9.]+$|:")
HOST = re.compile(rf"^({LABEL}\.)*{LABEL}\.?$")


class MailDeliveryDelivery(Page):
    """All mail to other domains goes out through one server, e.g. the internet provider's."""

    page: ClassVar[str] = "mail_delivery.delivery"
    menu: ClassVar[str] = "mail_delivery"
    tab: ClassVar[str] = "delivery"
    title: ClassVar[str] = "Delivery"
    order: ClassVar[int] = 21
    groups: ClassVar[dict[str, str]] = {"relay": "SMTP relay"}

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
        pattern=r"^[^\x00-\x20:\x7f]*$",
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
        pattern=r"^([^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?)?$",
    )

    @field_validator("server")
    @classmethod
    def _host(cls, text: str) -> str:
        name = text.strip().strip("[]").lower()
        try:
            found = ipaddress.ip_address(name)
        except ValueError:
            if name and not HOST.match(name):
                raise ValueError("Enter the name or the address of a server.") from None
            if name == "localhost":
                raise ValueError("Mail would come back to this server. Enter another one.") from None
            return name.rstrip(".")
        if found.is_loopback or found.is_unspecified or found.is_multicast:
            raise ValueError("Mail would come back to this server. Enter another one.")
        return str(found)

    @model_validator(mode="after")
    def _whole(self) -> MailDeliveryDelivery:
        if not self.enabled:
            return self
        if not self.server:
            raise BadField("server", "Enter the relay server.")
        if self.always_tls and self.verify and ADDRESS.match(self.server):
            raise BadField("server", "A certificate is made for a name. Enter the server's name, or do not check it.")
        for key in ("account", "password") if self.authentication else ():
            if not getattr(self, key):
                raise BadField(key, "The relay server's account needs both a name and a password.")
        return self
