"""Security > Antivirus (guide ch. 8, rows AV01, AV02, AV08)."""

from __future__ import annotations

from typing import ClassVar, Literal

from mailroom.core.settings import Page, setting


class SecurityAntivirus(Page):
    """Which engine looks for viruses, and what happens to infected mail."""

    page: ClassVar[str] = "security.antivirus"
    menu: ClassVar[str] = "security"
    tab: ClassVar[str] = "antivirus"
    title: ClassVar[str] = "Antivirus"
    order: ClassVar[int] = 31
    groups: ClassVar[dict[str, str]] = {
        "engine": "Anti-virus engine",
        "action": "Anti-virus action",
        "down": "When it is down",
    }

    enabled: bool = setting(
        True,
        "Enable Anti-Virus Engine",
        group="engine",
        rows="AV01",
        help="Looks for viruses in each message, incoming and outgoing.",
        effect="Viruses are delivered like any other mail.",
    )
    engine: Literal["clamav"] = setting(
        "clamav",
        "Select engine",
        group="engine",
        rows="AV01",
        help="ClamAV is free and needs no licence.",
        labels={"clamav": "ClamAV"},
        depends={"enabled": True},
        indent=1,
    )
    action: Literal["delete", "quarantine"] = setting(
        "quarantine",
        "Anti-virus action",
        group="action",
        rows="AV08",
        help="What happens to a message with a virus. Quarantined mail is kept on the server, out of the mailboxes.",
        labels={"delete": "Delete mail", "quarantine": "Save to quarantine"},
        depends={"enabled": True},
        effect="A message that was taken for infected by mistake is lost.",
    )
    when_down: Literal["wait", "pass"] = setting(
        "wait",
        "If the engine does not answer",
        group="down",
        rows="AV01",
        help="Waiting tells the sending server to come back later: nothing is lost and nothing passes unchecked.",
        labels={"wait": "Mail waits at the sender", "pass": "Mail is delivered unchecked and marked"},
        widget="radio",
        depends={"enabled": True},
        effect="While the antivirus engine is down, viruses are delivered unchecked.",
    )
