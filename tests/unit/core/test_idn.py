"""Domains in letters of any language are kept as A-labels."""

# ruff: noqa: RUF001 (letters that look like others are what this is about)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailroom.core import settings
from mailroom.core.idn import a_labels, in_letters
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


SAFE = (
    "bücher.example", "mail.straße.example", "łódź.example", "søren.example", "việt.example", "москва.example",
    "ελλάδα.example", "例え.テスト", "々ヶ月.example", "台灣.example", "ㄅㄆ.example", "한국.example",
    "漢字한글.example", "сор.рф",
)  # fmt: skip
# Nobody sees the difference: to paypal, apple, google; a slash, a dash; what runs from right to left; a dotless i.
DECEIVING = (
    "pаypal.example", "аррӏе.example", "раураӏ.example", "gοogle.example", "google.comノx.example", "日本abc.example",
    "ー.example", "ο.example", "שלום.example", "مثال.example", "ışık.example", "ɡoogle.example", "a\u0335b.example",
    "ไทย.example", "сор.example", "١ü.example",
)  # fmt: skip


@pytest.mark.parametrize("domain", SAFE)
def test_what_is_safe_is_shown_in_letters(domain: str) -> None:
    assert in_letters(a_labels(domain)) == domain


@pytest.mark.parametrize("domain", DECEIVING)
def test_what_may_deceive_stays_in_a_labels(domain: str) -> None:
    try:
        made = a_labels(domain)
    except ValueError:
        return
    assert in_letters(made) == made


def test_each_label_is_judged_by_itself_and_what_is_none_stays() -> None:
    both = a_labels("pаypal.bücher.example")
    assert in_letters(both) == both.replace("xn--bcher-kva", "bücher")
    for none in ("example.com", "xn--", "xn--a.example", "xn--bcher-kvA9.example", "xn--\u00fc.example", "x" * 300, ""):
        assert in_letters(none) == none


@given(label=st.text(alphabet=st.characters(categories=["L", "M", "N"]), min_size=1, max_size=12))
def test_what_is_shown_leads_back(label: str) -> None:
    """Whatever is shown is typed again as the very same domain; nothing shown mixes scripts with Latin."""
    try:
        made = a_labels(f"{label}.example")
    except ValueError:
        return
    shown = in_letters(made)
    assert a_labels(shown) == made
    if not shown.isascii() and any("a" <= char <= "z" for char in shown.removesuffix(".example")):
        assert all(ord(char) < 0x1F00 for char in shown)
