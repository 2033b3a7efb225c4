"""Mail Delivery > Black & White List: whom we never take mail from, and whom always (guide ch. 7, rows BW01-BW11)."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, model_validator

from mailroom.core.complaints import refuse
from mailroom.core.criteria import PARSERS, SHAPES
from mailroom.core.lines import ONE_LINE
from mailroom.core.lists import Item
from mailroom.core.settings import Page, setting

RULES_MAX = 10_000
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LABELS = {"ip": "IP", "ip_mask": "IP/subnet mask", "sender": "Sender", "recipient": "Recipient", "domain": "Domain"}
FORMS = {
    "ip": "192.0.2.1",
    "ip_mask": "192.0.2.0/24, 192.0.2.0/255.255.255.0",
    "sender": "*@example.com",
    "recipient": "*@example.com",
    "domain": "example.com",
}
Type = Literal["ip", "ip_mask", "sender", "recipient"]
ABOUT_TYPE = (
    "Sender is what a server gives in MAIL FROM, Recipient what it gives in RCPT TO; mail programs may show others."
)


def type_setting(labels: dict[str, str], help: str) -> Any:
    """The type of a rule, of these types."""
    return setting("ip", "Type", group="", rows="BW02, BW03, BW04, BW05, BW06", help=help, labels=labels, column=True)


def _shape(kind: str) -> dict[str, Any]:
    """What JSON Schema says of the criteria of rules of this type."""
    return {
        "if": {"properties": {"type": {"const": kind}}},
        "then": {"properties": {"criteria": {"pattern": SHAPES[kind]}}},
    }


class Rule(Item):
    """One rule: what it looks for."""

    model_config = ConfigDict(json_schema_extra={"allOf": [_shape(kind) for kind in SHAPES]})

    name: str = setting(
        "",
        "Name",
        group="",
        rows="BW09",
        help="The mail log tells this name for each message that the rule decides.",
        pattern=ONE_LINE,
        min_length=1,
        max_length=100,
        column=True,
    )
    enabled: bool = setting(
        True, "Enabled", group="", rows="BW09", help="A rule that is switched off is passed over.", column=True
    )
    type: str = "ip"
    criteria: str = setting(
        "",
        "Criteria",
        group="",
        rows="BW02, BW03, BW04, BW05, BW06",
        help="What the rule looks for. In senders and recipients * stands for anything.",
        min_length=1,
        max_length=300,
        placeholders={"type": FORMS},
        column=True,
    )

    @model_validator(mode="after")
    def _right_form(self) -> Rule:
        self.name = self.name.strip()
        faults = {"name": "Enter a name."} if not self.name or CONTROL.search(self.name) else {}
        try:
            self.criteria = PARSERS[self.type](self.criteria.strip())
        except ValueError as reason:
            faults["criteria"] = str(reason)
        refuse(faults)
        return self


class BlacklistRule(Rule):
    """Whose mail is stopped, and how."""

    title: ClassVar[str] = "Blacklist rule"
    samples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"name": "a", "enabled": True, "type": "ip", "criteria": "192.0.2.1", "action": "reject"},
        {"name": "a", "enabled": True, "type": "ip", "criteria": "192.0.2.1", "action": "discard"},
        {"name": "a", "enabled": True, "type": "ip_mask", "criteria": "192.0.2.0/24", "action": "reject"},
        {"name": "a", "enabled": True, "type": "sender", "criteria": "*@a.example", "action": "reject"},
        {"name": "a", "enabled": True, "type": "recipient", "criteria": "*@a.example", "action": "reject"},
        {"name": "b", "enabled": True, "type": "recipient", "criteria": "*@a.example", "action": "reject"},
    )

    type: Type = type_setting({name: LABELS[name] for name in LABELS if name != "domain"}, ABOUT_TYPE)
    action: Literal["reject", "discard"] = setting(
        "reject",
        "Do this",
        group="",
        rows="BW07, BW08",
        help="The sender of rejected mail is told. Discarded mail vanishes: the sender believes that it was delivered.",
        labels={"reject": "Reject it", "discard": "Discard it"},
        column=True,
    )


class WhitelistRule(Rule):
    """Whose mail is let through."""

    title: ClassVar[str] = "Whitelist rule"
    samples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"name": "a", "enabled": True, "type": "ip", "criteria": "192.0.2.1"},
        {"name": "a", "enabled": True, "type": "ip_mask", "criteria": "192.0.2.0/24"},
        {"name": "a", "enabled": True, "type": "sender", "criteria": "*@a.example"},
        {"name": "a", "enabled": True, "type": "recipient", "criteria": "*@a.example"},
        {"name": "a", "enabled": True, "type": "domain", "criteria": "a.example"},
    )

    type: Literal["ip", "ip_mask", "sender", "recipient", "domain"] = type_setting(
        LABELS,
        ABOUT_TYPE,
    )


class MailDeliveryLists(Page):
    """Whose mail is stopped at once, and whose is let through. The whitelist takes priority over the blacklist."""

    page: ClassVar[str] = "mail_delivery.lists"
    menu: ClassVar[str] = "mail_delivery"
    tab: ClassVar[str] = "lists"
    title: ClassVar[str] = "Black & White List"
    order: ClassVar[int] = 23
    groups: ClassVar[dict[str, str]] = {"blacklist": "Blacklist", "whitelist": "Whitelist"}
    tabs: ClassVar[bool] = True

    blacklist: list[BlacklistRule] = setting(
        [],
        "Blacklist",
        group="blacklist",
        rows="BW01, BW07, BW08, BW09",
        help="Mail that matches a rule is rejected or discarded, unless a rule of the whitelist matches it, too. When "
        "several rules match, the first in this list decides.",
        max_length=RULES_MAX,
        ordered=True,
    )
    whitelist: list[WhitelistRule] = setting(
        [],
        "Whitelist",
        group="whitelist",
        rows="BW01, BW06, BW09, BW10, BW11",
        help="Mail that matches a rule is not stopped by the blacklist, and skips tests. By an IP address it skips "
        "DNSBL, SPF, antivirus, DKIM, DMARC and the policies of Mail Delivery > Security; by a network all of them but "
        "antivirus; by a sender or a recipient SPF, antivirus and the policies; by a sender's domain all but DNSBL.",
        max_length=RULES_MAX,
    )
