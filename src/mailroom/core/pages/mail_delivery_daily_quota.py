"""Mail Delivery > Daily Quota: how much a user may send to others in 24 hours (guide ch. 7, rows DQ01, DQ02)."""

from __future__ import annotations

from typing import ClassVar

from mailroom.core.settings import Page, setting


class MailDeliveryDailyQuota(Page):
    """Limits for each user who has signed in. The 24 hours begin with the user's first message (row DQ05)."""

    page: ClassVar[str] = "mail_delivery.daily_quota"
    menu: ClassVar[str] = "mail_delivery"
    tab: ClassVar[str] = "daily_quota"
    title: ClassVar[str] = "Daily Quota"
    order: ClassVar[int] = 26
    groups: ClassVar[dict[str, str]] = {"limits": "Limits for each user"}

    limit_messages: bool = setting(
        False,
        "Enable daily sending quota",
        group="limits",
        rows="DQ01",
        help="Limits how many messages a user sends to other domains in 24 hours, counted from the user's first "
        "message. A message to several recipients counts once; one that is refused does not count.",
    )
    messages: int = setting(
        500,
        "Daily quota",
        group="limits",
        rows="DQ01",
        help="Beyond it the user is told which limit was reached, and when sending is possible again.",
        depends={"limit_messages": True},
        indent=1,
        unit="messages",
        ge=1,
        le=1_000_000,
    )
    limit_volume: bool = setting(
        False,
        "Enable daily traffic limit on outbound email",
        group="limits",
        rows="DQ02",
        help="Limits the total size of the messages that a user sends to other domains in 24 hours.",
    )
    volume_mb: int = setting(
        1000,
        "Daily traffic limit",
        group="limits",
        rows="DQ02",
        help="Attachments grow by a third when sent, and count as they travel.",
        depends={"limit_volume": True},
        indent=1,
        unit="MB",
        ge=1,
        le=10_000_000,
    )
