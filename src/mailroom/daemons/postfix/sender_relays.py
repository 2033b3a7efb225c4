"""Servers for the mail of single sender domains, as Postfix knows them (X06-05).

Each kind of connection is a service of its own in master.cf. So nothing that is said of one server, above all no
password, is ever used with another: neither with the relay for all other mail, nor with a stranger's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailroom.core.settings import Values
from mailroom.daemons.postfix import relay_password

FILE = "sender_relay_passwords"
SETTING = "mail_delivery.delivery.sender_relays"


@dataclass(frozen=True)
class Kind:
    """A kind of connection. level: smtp_tls_security_level. implicit: TLS from the first byte."""

    name: str
    level: str
    implicit: bool


def kind_of(relay: Values) -> Kind:
    """How a server is talked to. relay: an item of the setting."""
    implicit = relay["tls"] == "implicit"
    if relay["tls"] == "offered":
        return Kind("relay-offered", "may", False)
    name = "relay-implicit" if implicit else "relay-starttls"
    return Kind(f"{name}-checked", "secure", implicit) if relay["verify"] else Kind(name, "encrypt", implicit)


def kinds(relays: Sequence[Values]) -> list[Kind]:
    """Every kind that is needed, in a fixed order."""
    return sorted({kind_of(one) for one in relays}, key=lambda kind: kind.name)


def rows(relays: Sequence[Values]) -> list[tuple[str, str, str]]:
    """(sender, service, address) for the lookup tables."""
    return [(f"@{one['domain']}", kind_of(one).name, relay_password.address(one)) for one in relays]


def passwords(relays: Sequence[Values]) -> str:
    """The map of accounts by sender, with the passwords sealed; "" when nobody signs in."""
    return "".join(
        relay_password.line(f"@{one['domain']}", one, f"{SETTING}/{one['id']}/password")
        for one in relays
        if one["account"]
    )
