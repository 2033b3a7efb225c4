"""Domains in letters of any language are kept as A-labels."""

from __future__ import annotations

import pytest

from mailroom.core import settings
from mailroom.core.idn import a_labels
from mailroom.core.problems import Invalid

# From the registries' own pages and RFC 3492; the third would be strasse.example in IDNA of 2003.
KNOWN = {
    "bücher.example": "xn--bcher-kva.example",
    "BU\u0308CHER.example": "xn--bcher-kva.example",
    "straße.example": "xn--strae-oqa.example",
    "例え。テスト": "xn--r8jz45g.xn--zckzah",
    "пример.рф": "xn--e1afmkfd.xn--p1ai",
    "xn--bcher-kva.example": "xn--bcher-kva.example",
    "Mail.Example.com": "Mail.Example.com",
}


@pytest.mark.parametrize("typed", KNOWN)
def test_a_typed_domain_becomes_a_labels(typed: str) -> None:
    assert a_labels(typed) == KNOWN[typed]


NONE = (
    "☃.example",
    "ü b.example",
    "ü" * 70 + ".example",
    "ü/x.example",
    "\ud800.x",
    "ü\u202e.x",
    "-ü.x",
    "ü-.x",
    "\u0301a.x",
)


@pytest.mark.parametrize("typed", NONE)
def test_what_is_no_domain(typed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        a_labels(typed)


def test_our_own_domains_may_be_typed_in_letters() -> None:
    page = "mail_delivery.general"
    typed = {"domain": "Bücher.example", "hostname": "mail.bücher.example"}
    more = [{"id": "a", "domain": "пример.рф"}]
    made = settings.clean(page, {**settings.defaults()[page], **typed, "additional_domains": more})
    assert (made["domain"], made["hostname"]) == ("xn--bcher-kva.example", "mail.xn--bcher-kva.example")
    assert made["additional_domains"][0]["domain"] == "xn--e1afmkfd.xn--p1ai"
    for bad in ("☃.example", "bücher", "bü_cher.example", "-ü.example"):
        with pytest.raises(Invalid) as refused:
            settings.clean(page, {**settings.defaults()[page], "domain": bad})
        assert "domain" in refused.value.more["fields"]
