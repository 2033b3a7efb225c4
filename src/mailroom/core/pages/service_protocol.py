"""Service > Protocol: which protocols run and on which ports (guide ch. 6, rows PR01-PR07)."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from mailroom.core.settings import BadField, Page, setting

PORT: dict[str, Any] = {"ge": 1, "le": 65535}


class ServiceProtocol(Page):
    """SMTP, submission, POP3, IMAP and ManageSieve, each with its port."""

    page: ClassVar[str] = "service.protocol"
    menu: ClassVar[str] = "service"
    tab: ClassVar[str] = "protocol"
    title: ClassVar[str] = "Protocol"
    order: ClassVar[int] = 10
    groups: ClassVar[dict[str, str]] = {"smtp": "SMTP", "clients": "IMAP/POP3"}

    smtp_enabled: bool = setting(
        True,
        "Enable SMTP",
        group="smtp",
        rows="PR01",
        help="Receives mail from other servers. When off, no mail comes in from outside.",
        parameter="master.cf smtp/inet",
        effect="No mail comes in from other servers.",
    )
    smtp_port: int = setting(
        25,
        "SMTP port",
        group="smtp",
        rows="PR01",
        help="Other mail servers always use port 25. Change it only behind a router that maps 25 to it.",
        parameter="master.cf smtp/inet",
        depends={"smtp_enabled": True},
        indent=1,
        **PORT,
        effect="Other servers know port 25 alone, so mail comes in only while the router maps port 25 to this one.",
    )
    smtps_enabled: bool = setting(
        True,
        "Enable SMTP-SSL",
        group="smtp",
        rows="PR02",
        help="Mail programs send over TLS from the first byte (RFC 8314). Signing in is required.",
        parameter="master.cf smtps/inet",
        effect="Mail programs cannot send over the port that they try first.",
    )
    smtps_port: int = setting(
        465,
        "SMTP-SSL port",
        group="smtp",
        rows="PR02",
        help="Mail programs expect 465.",
        parameter="master.cf smtps/inet",
        depends={"smtps_enabled": True},
        indent=1,
        **PORT,
        effect="Users have to enter this port in their mail programs by hand.",
    )
    submission_enabled: bool = setting(
        True,
        "Enable SMTP-TLS",
        group="smtp",
        rows="PR03",
        help="Mail programs send over STARTTLS (RFC 6409). Encryption and signing in are required.",
        parameter="master.cf submission/inet",
        effect="Mail programs that send over STARTTLS cannot send.",
    )
    submission_port: int = setting(
        587,
        "SMTP-TLS port",
        group="smtp",
        rows="PR03",
        help="Mail programs expect 587.",
        parameter="master.cf submission/inet",
        depends={"submission_enabled": True},
        indent=1,
        **PORT,
        effect="Users have to enter this port in their mail programs by hand.",
    )
    pop3_enabled: bool = setting(
        False,
        "Enable POP3",
        group="clients",
        rows="PR04",
        help="Mail programs fetch mail over port 110. Passwords are accepted only after STARTTLS.",
        parameter="inet_listener pop3",
    )
    pop3s_enabled: bool = setting(
        False,
        "Enable POP3 SSL/TLS",
        group="clients",
        rows="PR05",
        help="Mail programs fetch mail over TLS, port 995.",
        parameter="inet_listener pop3s",
    )
    imap_enabled: bool = setting(
        True,
        "Enable IMAP",
        group="clients",
        rows="PR06",
        help="Mail programs read mail on the server over port 143. Passwords are accepted only after STARTTLS.",
        parameter="inet_listener imap",
    )
    imaps_enabled: bool = setting(
        True,
        "Enable IMAP SSL/TLS",
        group="clients",
        rows="PR07",
        help="Mail programs read mail on the server over TLS, port 993.",
        parameter="inet_listener imaps",
        effect="Mail programs that encrypt from the first byte cannot read mail.",
    )

    managesieve_enabled: bool = setting(
        False,
        "Enable ManageSieve",
        group="clients",
        rows="PR06",
        help="Mail programs edit a user's own Sieve rules over port 4190. Passwords are accepted only after STARTTLS.",
        parameter="inet_listener sieve",
    )

    @model_validator(mode="after")
    def _ports_differ(self) -> ServiceProtocol:
        taken = {110: "POP3", 995: "POP3 SSL/TLS", 143: "IMAP", 993: "IMAP SSL/TLS", 4190: "ManageSieve"}
        taken |= dict.fromkeys((5143, 5280, 5587), "the mail portal")
        taken[5589] = "forwarded mail"
        for name in ("smtp_port", "smtps_port", "submission_port"):
            port = getattr(self, name)
            if port in taken:
                raise BadField(name, f"Port {port} already belongs to {taken[port]}. Choose another port.")
            taken[port] = str(type(self).model_fields[name].title)
        return self
