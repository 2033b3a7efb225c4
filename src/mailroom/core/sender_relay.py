"""A server of its own for the mail of one sender domain: an item of Mail Delivery > Delivery (X06-05)."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import field_validator, model_validator

from mailroom.core import net
from mailroom.core.lines import NOT_IN_A_LINE
from mailroom.core.lists import Item
from mailroom.core.pages.mail_delivery_general import DOMAIN
from mailroom.core.settings import BadField, setting

LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# What `host` lets through of addresses: no name ends in a number, and none has a colon.
ADDRESS = re.compile(r"[0-9.]+|[^:]*:.*")
HOST = re.compile(rf"({LABEL}\.)*{LABEL}\.?")
ACCOUNT = rf"^[^ :{NOT_IN_A_LINE}]*$"
PASSWORD = rf"^([^ {NOT_IN_A_LINE}]([^{NOT_IN_A_LINE}]*[^ {NOT_IN_A_LINE}])?)?$"
COMES_BACK = "Mail would come back to this server. Enter another one."
NEEDS_NAME = "A certificate is made for a name. Enter the server's name, or do not check it."
NEEDS_BOTH = "The relay server's account needs both a name and a password."


def host(text: str, here: str = COMES_BACK) -> str:
    """The name or the address of another server. Raises ValueError with a sentence; here: the one for this server."""
    name = text.strip().strip("[]").lower()
    found = net.address_of(name)
    if found is not None and "%" not in name:
        if net.kind(name) == "local":
            raise ValueError(here)
        return str(found)
    if name and (not HOST.fullmatch(name) or net.is_odd_number(name)):
        raise ValueError("Enter the name or the address of a server.")
    bare = name.rstrip(".")
    if bare == "localhost" or bare.endswith(".localhost"):
        # RFC 6761 6.3.
        raise ValueError(here)
    return bare


class SenderRelay(Item):
    """The server for one sender domain."""

    title: ClassVar[str] = "Relay"
    label: ClassVar[str] = "domain"
    kept_for: ClassVar[dict[str, tuple[str, ...]]] = {"password": ("server", "port", "tls", "verify", "account")}
    samples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"domain": "one.example", "server": "a.example"},
        {"domain": "two.example", "server": "a.example"},
        {"domain": "one.example", "server": "b.example"},
        {"domain": "one.example", "server": "a.example", "port": 25},
        {"domain": "one.example", "server": "a.example", "tls": "offered"},
        {"domain": "one.example", "server": "a.example", "tls": "implicit"},
        {"domain": "one.example", "server": "a.example", "verify": False},
        {"domain": "one.example", "server": "a.example", "account": "a", "password": "a"},
        {"domain": "one.example", "server": "a.example", "account": "b", "password": "a"},
    )

    domain: str = setting(
        "",
        "Sender domain",
        group="",
        rows="X06-05",
        help="Mail whose envelope sender (MAIL FROM) is at exactly this domain.",
        column=True,
        pattern=DOMAIN,
        max_length=253,
        placeholder="example.org",
    )
    server: str = setting(
        "",
        "Server",
        group="",
        rows="X06-05",
        help="Name or address of the relay server.",
        column=True,
        min_length=1,
        max_length=253,
        placeholder="smtp.example.org",
    )
    port: int = setting(
        587,
        "Port",
        group="",
        rows="X06-05",
        help="Relay servers expect 587 with STARTTLS, 465 with TLS from the first byte, 25 from their own customers.",
        column=True,
        ge=1,
        le=65535,
    )
    tls: Literal["starttls", "implicit", "offered"] = setting(
        "starttls",
        "Secure connection",
        group="",
        rows="X06-05",
        help="Mail waits when the relay server offers no encryption, unless it is used only where it is offered.",
        labels={"starttls": "STARTTLS", "implicit": "TLS from the first byte (SMTPS)", "offered": "If offered"},
    )
    verify: bool = setting(
        True,
        "Check the server's certificate",
        group="",
        rows="X06-05",
        help="Switch it off only for a server of your own whose certificate is self-signed.",
        depends={"tls": ["starttls", "implicit"]},
    )
    account: str = setting(
        "",
        "Account",
        group="",
        rows="X06-05",
        help="As the relay server's owner has told it; often a whole mail address. Empty: nobody signs in.",
        column=True,
        max_length=255,
        pattern=ACCOUNT,
    )
    password: str = setting(
        "",
        "Password",
        group="",
        rows="X06-05",
        help="Kept sealed on this server and never shown again.",
        widget="secret",
        max_length=1000,
        pattern=PASSWORD,
    )

    @property
    def checks_name(self) -> bool:
        """Whether mail is handed over only to who has a certificate for the server's name."""
        return self.verify and self.tls != "offered"

    @field_validator("domain")
    @classmethod
    def _lower(cls, name: str) -> str:
        return name.lower()

    @field_validator("server")
    @classmethod
    def _host(cls, text: str) -> str:
        return host(text)

    @model_validator(mode="after")
    def _whole(self) -> SenderRelay:
        if self.checks_name and ADDRESS.fullmatch(self.server):
            raise BadField("server", NEEDS_NAME)
        if bool(self.account) != bool(self.password):
            raise BadField("password" if self.account else "account", NEEDS_BOTH)
        return self
