"""Security > Antivirus (guide ch. 8, rows AV01, AV02, AV05, AV06, AV08)."""

from __future__ import annotations

from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import field_validator, model_validator

from mailroom.core.lines import NOT_IN_A_LINE
from mailroom.core.sender_relay import host
from mailroom.core.settings import BadField, Page, setting

# freshclam.conf(5): a value ends at a blank, and quotation marks have a meaning of their own; freshclam joins the two
# with a colon.
PROXY_ACCOUNT = rf'^[^ ":{NOT_IN_A_LINE}]*$'
PROXY_PASSWORD = rf'^[^ "{NOT_IN_A_LINE}]*$'
NO_MIRROR = "Enter the whole address of a mirror, e.g. https://mirror.example.com/clamav."
THIS_SERVER = "This is this server itself. Enter another one."
NEEDS_BOTH = "The proxy's account needs both a name and a password."


class SecurityAntivirus(Page):
    """Which engine looks for viruses, and what happens to infected mail."""

    page: ClassVar[str] = "security.antivirus"
    menu: ClassVar[str] = "security"
    tab: ClassVar[str] = "antivirus"
    title: ClassVar[str] = "Antivirus"
    order: ClassVar[int] = 31
    groups: ClassVar[dict[str, str]] = {
        "engine": "Anti-virus engine",
        "updates": "Virus definitions",
        "action": "Anti-virus action",
        "down": "When it is down",
    }
    kept_for: ClassVar[dict[str, tuple[str, ...]]] = {"proxy_password": ("proxy_server", "proxy_account")}

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
        help="ClamAV is free and needs no license.",
        labels={"clamav": "ClamAV"},
        depends={"enabled": True},
        indent=1,
    )
    auto_update: bool = setting(
        True,
        "Auto-update virus definitions",
        group="updates",
        rows="AV05",
        help="Downloads new virus definitions by itself. When off, they come only when somebody clicks Update now.",
        depends={"enabled": True},
        costs="With all definitions the engine takes about 1.2 GB of memory.",
        effect="New viruses are not found unless somebody updates the definitions by hand.",
    )
    update_hour: int = setting(
        3,
        "Hour of the update",
        group="updates",
        rows="AV05",
        help="From 0 to 23. It begins within this hour, at a minute of this server's own, so that not all servers ask "
        "the mirror at once.",
        depends={"enabled": True, "auto_update": True},
        indent=1,
        ge=0,
        le=23,
    )
    update_every: Literal["24", "12", "6"] = setting(
        "24",
        "How often",
        group="updates",
        rows="AV05",
        help="ClamAV publishes new definitions about once a day.",
        labels={"24": "Once a day", "12": "Every 12 hours", "6": "Every 6 hours"},
        depends={"enabled": True, "auto_update": True},
        indent=1,
    )
    mirror: str = setting(
        "",
        "Mirror",
        group="updates",
        rows="AV05",
        help="Where definitions come from. When empty, from ClamAV's own servers. Enter the address of a mirror in "
        "your own network if many servers share one line, or if this NAS does not reach the internet.",
        depends={"enabled": True},
        max_length=500,
        placeholder="https://mirror.example.com/clamav",
    )
    proxy: bool = setting(
        False,
        "Download through a proxy",
        group="updates",
        rows="AV05",
        help="Where the network lets nothing reach the internet but an HTTP proxy.",
        depends={"enabled": True},
    )
    proxy_server: str = setting(
        "",
        "Server",
        group="updates",
        rows="AV05",
        help="Name or address of the proxy.",
        depends={"enabled": True, "proxy": True},
        indent=1,
        max_length=253,
        placeholder="proxy.example.com",
    )
    proxy_port: int = setting(
        3128,
        "Port",
        group="updates",
        rows="AV05",
        help="Proxies mostly listen on 3128 or 8080.",
        depends={"enabled": True, "proxy": True},
        indent=1,
        ge=1,
        le=65535,
    )
    proxy_account: str = setting(
        "",
        "Account",
        group="updates",
        rows="AV05",
        help="Only where the proxy asks for one.",
        depends={"enabled": True, "proxy": True},
        indent=1,
        max_length=255,
        pattern=PROXY_ACCOUNT,
    )
    proxy_password: str = setting(
        "",
        "Password",
        group="updates",
        rows="AV05",
        help="Without blanks and quotation marks. Kept sealed on this server and never shown again.",
        depends={"enabled": True, "proxy": True},
        indent=1,
        widget="secret",
        max_length=1000,
        pattern=PROXY_PASSWORD,
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
    quarantine_days: int = setting(
        30,
        "Keep quarantined mail for",
        group="action",
        rows="AV12",
        help="After so many days it is removed by itself.",
        unit="days",
        depends={"enabled": True, "action": "quarantine"},
        indent=1,
        ge=1,
        le=365,
    )
    quarantine_max_mb: int = setting(
        2_000,
        "Largest size of the quarantine",
        group="action",
        rows="AV12",
        help="When it grows beyond this, the oldest messages are removed first.",
        unit="MB",
        depends={"enabled": True, "action": "quarantine"},
        indent=1,
        ge=100,
        le=1_000_000,
    )
    notify: bool = setting(
        True,
        "Send notifications to recipients after quarantining viruses",
        group="action",
        rows="AV09",
        help="Recipients with a mailbox here are told who wrote to them and why the message was kept: once for each "
        "message, and ten times a day at most.",
        depends={"enabled": True, "action": "quarantine"},
        indent=1,
        effect="A recipient does not learn that a message was kept, also when that was a mistake.",
    )
    notify_language: Literal["en", "de", "ja", "zh-TW"] = setting(
        "en",
        "Language of the notifications",
        group="action",
        rows="AV09",
        help="All recipients get them in this language.",
        labels={"en": "English", "de": "Deutsch", "ja": "日本語", "zh-TW": "繁體中文"},
        depends={"enabled": True, "action": "quarantine", "notify": True},
        indent=2,
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

    @field_validator("mirror")
    @classmethod
    def _mirror(cls, text: str) -> str:
        return mirror(text) if text else ""

    @field_validator("proxy_server")
    @classmethod
    def _proxy_server(cls, text: str) -> str:
        return host(text, THIS_SERVER)

    @model_validator(mode="after")
    def _whole_proxy(self) -> SecurityAntivirus:
        if not self.proxy:
            return self
        if not self.proxy_server:
            raise BadField("proxy_server", "Enter the proxy.")
        for key, other in (("proxy_account", self.proxy_password), ("proxy_password", self.proxy_account)):
            if other and not getattr(self, key):
                raise BadField(key, NEEDS_BOTH)
        return self


def mirror(text: str) -> str:
    """The address of a mirror (RFC 3986) as freshclam takes it, without a last slash. Raises ValueError.

    It is a line of freshclam.conf: what a URL has no letter for must not come through.
    """
    try:
        parts = urlsplit(text)
        port, name = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError(NO_MIRROR) from None
    if not text.isascii() or not text.isprintable() or set(text) & set(" \"'<>\\^`{|}"):
        raise ValueError(NO_MIRROR)
    if parts.scheme not in ("http", "https") or not name or port == 0:
        raise ValueError(NO_MIRROR)
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError(NO_MIRROR)
    host(name, THIS_SERVER)
    return text.rstrip("/")
