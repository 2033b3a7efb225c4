"""Mail Delivery > Auto BCC: copies that nobody sees (guide ch. 7, rows BC01-BC07)."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import field_validator, model_validator

from mailroom.core.address import foreign, local_part_fault
from mailroom.core.complaints import refuse
from mailroom.core.lists import Item
from mailroom.core.settings import Page, setting

FROM, TO, ALL = "from", "to", "all"
# Part of an address. What has a meaning of its own in Postfix's tables stays out; no address in use has it.
PART = re.compile(r"[a-z0-9.@_+=&~!#'*-]*")
# As words of a sentence and as the heads of a list.
LABELS = {FROM: "From: address contains", TO: "To: address contains", ALL: "All messages"}


class BccRule(Item):
    """One rule."""

    title: ClassVar[str] = "Auto BCC rule"
    label: ClassVar[str] = "target"

    criterion: Literal["from", "to", "all"] = setting(
        FROM,
        "Criteria",
        group="",
        rows="BC01, BC02, BC03",
        help="Which mail is copied, by its sender (MAIL FROM) or its recipients (RCPT TO). Mail that this server or "
        "its NAS sends by itself is never copied.",
        labels=LABELS,
        widget="radio",
        column=True,
    )
    text: str = setting(
        "",
        "Address contains",
        group="",
        rows="BC01, BC02",
        help="Part of an address, or a whole one, in whatever case: anna@example.com, @example.com, sales.",
        depends={"criterion": [FROM, TO]},
        column=True,
        max_length=254,
        placeholder="@example.com",
    )
    target: str = setting(
        "",
        "Send BCC to this address",
        group="",
        rows="BC04",
        help="A mail address, or the name of a user or of an alias. Neither the sender nor the recipients learn of it.",
        column=True,
        max_length=254,
        placeholder="archive",
    )

    @model_validator(mode="after")
    def _filled(self) -> BccRule:
        if self.criterion == ALL:
            self.text = ""
        missing = {} if self.text or self.criterion == ALL else {"text": "Enter the address, or a part of it."}
        refuse(missing | ({} if self.target else {"target": "Enter where the copies go."}))
        return self

    @field_validator("text")
    @classmethod
    def _text(cls, text: str) -> str:
        text = text.strip().lower()
        if not PART.fullmatch(text):
            raise ValueError("An address may only contain letters, digits and the characters . @ _ + = & ~ ! # ' * -")
        return text

    @field_validator("target")
    @classmethod
    def _target(cls, target: str) -> str:
        target = target.strip()
        if not target:
            # Told by _filled, together with what else is missing.
            return target
        if "@" in target:
            if not (found := foreign(target)):
                raise ValueError(f"{target[:80]!r} is no mail address.")
            return found
        if fault := local_part_fault(target.lower()):
            raise ValueError(fault)
        return target.lower()


class MailDeliveryAutoBcc(Page):
    """Copies of mail, sent to an address of the admin's choice."""

    page: ClassVar[str] = "mail_delivery.auto_bcc"
    menu: ClassVar[str] = "mail_delivery"
    tab: ClassVar[str] = "auto_bcc"
    title: ClassVar[str] = "Auto BCC"
    order: ClassVar[int] = 25
    groups: ClassVar[dict[str, str]] = {"rules": "Rules"}

    rules: list[BccRule] = setting(
        [],
        "Auto BCC",
        group="rules",
        rows="BC01, BC02, BC03, BC04, BC05, BC06, BC07",
        help="A copy of each message that a rule is about goes to the rule's address, once, and nobody else sees it. "
        "A message to a user who cannot use mail is then taken for the copy, and returned to its sender.",
        max_length=1000,
    )

    @model_validator(mode="after")
    def _differ(self) -> MailDeliveryAutoBcc:
        known: set[tuple[str, str, str]] = set()
        faults: dict[str, str] = {}
        for one in self.rules:
            rule = (one.criterion, one.text, one.target)
            if rule in known:
                faults[f"rules/{one.id}/target"] = "There already is a rule like this."
            known.add(rule)
        refuse(faults)
        return self
