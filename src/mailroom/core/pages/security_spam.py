"""Security > Spam (guide ch. 8, rows SA01, SA05, SA06)."""

from __future__ import annotations

from typing import ClassVar, Literal

from mailroom.core.settings import Page, setting


class SecuritySpam(Page):
    """Which engine judges mail, from which score on it is spam, and what happens then."""

    page: ClassVar[str] = "security.spam"
    menu: ClassVar[str] = "security"
    tab: ClassVar[str] = "spam"
    title: ClassVar[str] = "Spam"
    order: ClassVar[int] = 30
    groups: ClassVar[dict[str, str]] = {"engine": "Anti-spam engine", "mark": "Marking spam", "down": "When it is down"}

    enabled: bool = setting(
        True,
        "Enable anti-spam engine",
        group="engine",
        rows="SA01",
        help="Judges each incoming message by its score.",
        effect="Spam is delivered like any other mail.",
    )
    engine: Literal["spamassassin", "rspamd"] = setting(
        "spamassassin",
        "Engine",
        group="engine",
        rows="SA01",
        help="SpamAssassin judges most thoroughly. Rspamd needs far less processor time for each message.",
        labels={"spamassassin": "SpamAssassin", "rspamd": "Rspamd"},
        depends={"enabled": True},
        indent=1,
    )
    threshold: float = setting(
        5.0,
        "Mark as spam if score is higher than",
        group="mark",
        rows="SA05",
        help="Lower catches more spam and more good mail by mistake. Both engines are read on this scale.",
        depends={"enabled": True},
        ge=1,
        le=100,
        effect="A lower score takes more good mail for spam, a higher one lets more spam through.",
    )
    tag_subject: bool = setting(
        False,
        "Add the following to spam subjects",
        group="mark",
        rows="SA06",
        help="Spam gets this text before its subject, so that mail programs show it at once.",
        depends={"enabled": True},
    )
    subject_prefix: str = setting(
        "***SPAM***",
        "Text",
        group="mark",
        rows="SA06",
        help="Text before the subject of spam.",
        depends={"enabled": True, "tag_subject": True},
        indent=1,
        min_length=1,
        max_length=60,
        pattern=r"^[\x20-\x7e]+$",
    )
    when_down: Literal["wait", "pass"] = setting(
        "wait",
        "If the engine does not answer",
        group="down",
        rows="SA01",
        help="Waiting tells the sending server to come back later: nothing is lost and nothing passes unchecked.",
        labels={"wait": "Mail waits at the sender", "pass": "Mail is delivered unchecked and marked"},
        widget="radio",
        depends={"enabled": True},
        effect="While the spam engine is down, spam is delivered unchecked.",
    )
