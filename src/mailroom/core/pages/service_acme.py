"""Service > Let's Encrypt: a certificate that is got and renewed by itself, beyond the guide (RFC 8555)."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import field_validator

from mailroom.core.lines import NOT_IN_A_LINE
from mailroom.core.pages.mail_delivery_general import DOMAIN
from mailroom.core.settings import Page, setting

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
NAMES_MAX = 20


class ServiceAcme(Page):
    """Which authority is asked for a certificate, for which names, and how it finds out that they are ours."""

    page: ClassVar[str] = "service.acme"
    menu: ClassVar[str] = "service"
    tab: ClassVar[str] = "acme"
    title: ClassVar[str] = "Let's Encrypt"
    order: ClassVar[int] = 12
    groups: ClassVar[dict[str, str]] = {"certificate": "Certificate", "proof": "Proof"}

    enabled: bool = setting(
        False,
        "Get a certificate from Let's Encrypt and renew it",
        group="certificate",
        rows="CL08",
        help="A certificate that all mail programs trust, free of charge. It is renewed by itself when a third of its "
        "life is left. Switching this on means that you accept the authority's terms of service.",
    )
    names: list[str] = setting(
        [],
        "Further names",
        group="certificate",
        rows="CL08",
        help="The certificate is for the mail server's host name. Each further name must lead to this NAS as well, "
        "e.g. for MTA-STS or for mail programs that use another name.",
        depends={"enabled": True},
        indent=1,
        widget="tags",
        placeholder="Add a name, e.g. imap.example.com",
        max_length=NAMES_MAX,
    )
    mta_sts: bool = setting(
        False,
        "Also for the hosts of MTA-STS (mta-sts.DOMAIN)",
        group="certificate",
        rows="X06-08",
        help="As long as Mail Delivery > Security announces something, the certificate is also for mta-sts. of each "
        "domain; each must lead to this NAS. Others fetch the policy from DSM's own web server, which shows the "
        "certificate of Control Panel > Security > Certificate: they need this one only where you copy it there.",
        depends={"enabled": True},
        indent=1,
    )
    email: str = setting(
        "",
        "E-mail address",
        group="certificate",
        rows="CL08",
        help="The authority may write there about the account. Not needed.",
        depends={"enabled": True},
        indent=1,
        pattern=rf"^$|^[^\s<>@,:{NOT_IN_A_LINE}]+@[^\s<>@,:{NOT_IN_A_LINE}]+$",
        max_length=254,
        placeholder="postmaster@example.com",
    )
    directory: str = setting(
        LETS_ENCRYPT,
        "Directory of the authority",
        group="certificate",
        rows="CL08",
        help="Where another authority, or the one of your company, speaks ACME.",
        depends={"enabled": True},
        indent=1,
        pattern=r"^https://[A-Za-z0-9.\-\[\]:]+(/[!-~]*)?$",
        max_length=500,
    )
    port: int = setting(
        5281,
        "Port for the proof",
        group="proof",
        rows="CL08",
        help="The authority connects to port 80 of each name. DSM keeps that port and this path for itself, so have "
        "your router forward port 80 from the Internet to this port of the NAS. It is open only meanwhile.",
        depends={"enabled": True},
        indent=1,
        ge=1,
        le=65535,
    )

    @field_validator("names")
    @classmethod
    def _names(cls, names: list[str]) -> list[str]:
        for name in names:
            if not re.fullmatch(DOMAIN, name) or len(name) > 253:
                raise ValueError(f"{name} is no name of a server.")
        return list(dict.fromkeys(name.lower() for name in names))
