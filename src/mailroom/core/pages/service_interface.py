"""Service > Network interface: where mail services listen, how the Internet reaches them (guide ch. 6, row PR08)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import field_validator

from mailroom.core.net import address_of, kind
from mailroom.core.settings import Page, setting

ALL = "all"


class ServiceInterface(Page):
    """On which of the NAS's network interfaces SMTP, IMAP and POP3 listen."""

    page: ClassVar[str] = "service.interface"
    menu: ClassVar[str] = "service"
    tab: ClassVar[str] = "interface"
    title: ClassVar[str] = "Network Interface"
    order: ClassVar[int] = 11
    groups: ClassVar[dict[str, str]] = {"interface": "Network interface", "internet": "Internet"}

    interface: str = setting(
        ALL,
        "Network interface",
        group="interface",
        rows="PR08, SW04",
        help="Mail services listen only on this interface, e.g. eth0, and follow its addresses as they change; “all” "
        "means on every one. While it is gone or has no address, nothing listens elsewhere instead; mail waits at "
        "the senders, and the window says so.",
        parameter="master.cf inet, dovecot.conf listen",
        pattern=r"^[A-Za-z0-9_.\-]+$",
        machine=True,
        max_length=15,
    )
    public_address: str = setting(
        "",
        "Public address",
        group="internet",
        rows="PR08, SW09",
        help="The address by which the Internet reaches this NAS when a router translates it. DNS records show it, and "
        "mail that would go in a circle through the router is recognised. Empty means: the interface's own.",
        parameter="proxy_interfaces",
        max_length=45,
        placeholder="203.0.113.25",
        machine=True,
    )

    @field_validator("public_address")
    @classmethod
    def _address(cls, text: str) -> str:
        if not text.strip():
            return ""
        found = address_of(text)
        if found is None or "%" in text:
            raise ValueError(f"{text} is not an address. Write it like 203.0.113.25.")
        if kind(text) == "local":
            raise ValueError(f"{found} never leads to this NAS from elsewhere.")
        return str(found)
