"""Mail Delivery > Disclaimer: texts below outbound mail (guide ch. 7, rows DI01-DI08)."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import ConfigDict, field_validator, model_validator

from mailroom.core import fragment
from mailroom.core.lists import Item
from mailroom.core.settings import BadField, Page, setting

PATTERN_LETTERS_MAX = 254
PATTERN = re.compile(r"[^\s,;<>\x00-\x1f\x7f]+")
PATTERNS_MAX = 200
HTML_LETTERS_MAX = 50_000
TEXT_LETTERS_MAX = 20_000
BOXES = {"rule": "Rule", "exception": "Exception rule", "content": "Content"}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Disclaimer(Item):
    """One disclaimer: whose mail it is put below, and its text."""

    title: ClassVar[str] = "Disclaimer"
    model_config = ConfigDict(
        json_schema_extra={"x-groups": [{"id": id, "title": title} for id, title in BOXES.items()]}
    )

    enabled: bool = setting(
        True,
        "Enabled",
        group="rule",
        rows="DI08",
        help="A disclaimer that is switched off is passed over.",
        column=True,
    )
    name: str = setting(
        "",
        "Name",
        group="rule",
        rows="DI01",
        help="For this list and the mail log; nobody outside sees it.",
        min_length=1,
        max_length=100,
        column=True,
    )
    skip_inside: bool = setting(
        False,
        "Do not append this disclaimer when all recipients are from this domain",
        group="rule",
        rows="DI02",
        help="With one recipient elsewhere it is appended.",
    )
    match: Literal["all", "any"] = setting(
        "all",
        "Matching rules",
        group="rule",
        rows="DI03",
        help="Whether each of the senders and recipients below must match, or one of them is enough. Without any of "
        "them the disclaimer is for all outbound mail.",
        labels={"all": "All", "any": "Any"},
        widget="radio",
    )
    senders: list[str] = setting(
        [],
        "Sender",
        group="rule",
        rows="DI03",
        help="User name or e-mail address of the sender; * stands for anything.",
        widget="tags",
        placeholder="*@example.com, admin@*, *@*.com",
        max_length=PATTERNS_MAX,
        column=True,
    )
    recipients: list[str] = setting(
        [],
        "Recipient",
        group="rule",
        rows="DI03",
        help="User name or e-mail address of a recipient; * stands for anything. One recipient who matches is enough.",
        widget="tags",
        placeholder="*@example.com, admin@*, *@*.com",
        max_length=PATTERNS_MAX,
        column=True,
    )
    except_senders: list[str] = setting(
        [],
        "Except for the sender",
        group="exception",
        rows="DI04",
        help="Mail of these senders never gets this disclaimer, whatever the matching rules say.",
        widget="tags",
        placeholder="*@example.com, admin@*, *@*.com",
        max_length=PATTERNS_MAX,
    )
    except_recipients: list[str] = setting(
        [],
        "Except for the recipient",
        group="exception",
        rows="DI04",
        help="Mail to one of these recipients never gets this disclaimer, whatever the matching rules say.",
        widget="tags",
        placeholder="*@example.com, admin@*, *@*.com",
        max_length=PATTERNS_MAX,
    )
    html: str = setting(
        "",
        "HTML text",
        group="content",
        rows="DI05",
        help="Stands below mail written in HTML. Empty: such mail gets nothing.",
        widget="html",
        max_length=HTML_LETTERS_MAX,
    )
    text: str = setting(
        "",
        "Plain text",
        group="content",
        rows="DI05, DI06",
        help="Stands below mail written as plain text, and in the plain version of HTML mail. Empty: such mail gets "
        "nothing.",
        widget="text-from-html",
        max_length=TEXT_LETTERS_MAX,
    )

    @field_validator("name")
    @classmethod
    def _named(cls, name: str) -> str:
        if not name.strip() or not name.strip().isprintable():
            raise ValueError("Enter a name.")
        return name.strip()

    @field_validator("senders", "recipients", "except_senders", "except_recipients")
    @classmethod
    def _patterns(cls, patterns: list[str]) -> list[str]:
        return list(dict.fromkeys(_pattern(one) for one in patterns))

    @field_validator("html")
    @classmethod
    def _harmless(cls, html: str) -> str:
        return fragment.clean(html)

    @field_validator("text")
    @classmethod
    def _lines(cls, text: str) -> str:
        return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip()

    @model_validator(mode="after")
    def _says_something(self) -> Disclaimer:
        if not self.html and not self.text.strip():
            raise BadField("html", "Write the disclaimer as HTML text, as plain text, or both.")
        return self


class MailDeliveryDisclaimer(Page):
    """Texts below outbound mail: the first disclaimer that matches a message is appended, and no other."""

    page: ClassVar[str] = "mail_delivery.disclaimer"
    menu: ClassVar[str] = "mail_delivery"
    tab: ClassVar[str] = "disclaimer"
    title: ClassVar[str] = "Disclaimer"
    order: ClassVar[int] = 27
    groups: ClassVar[dict[str, str]] = {"disclaimers": "Disclaimer"}

    disclaimers: list[Disclaimer] = setting(
        [],
        "Disclaimer",
        group="disclaimers",
        rows="DI01, DI07",
        help="Appended to mail that users of this server send. From top to bottom, the first one that matches a "
        "message is appended, and no other. Signed and encrypted mail is left as it is.",
        max_length=200,
        ordered=True,
    )

    @field_validator("disclaimers")
    @classmethod
    def _different_names(cls, disclaimers: list[Disclaimer]) -> list[Disclaimer]:
        seen: set[str] = set()
        for one in disclaimers:
            if one.name.lower() in seen:
                raise ValueError(f"There are two disclaimers with the name {one.name!r}.")
            seen.add(one.name.lower())
        return disclaimers


def _pattern(text: str) -> str:
    """A user name or address with wildcards, lower case. Raises ValueError with the pattern in words."""
    bare = text.strip().lower()
    if not bare or len(bare) > PATTERN_LETTERS_MAX or not PATTERN.fullmatch(bare) or bare.count("@") > 1:
        raise ValueError(f"{text!r} is no user name or e-mail address.")
    return bare
