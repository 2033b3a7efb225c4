"""Every page of the window, found from its own menu: no barriers, nothing cut or covered, the keyboard always visible.

In all languages, light and dark, in a small window, on a tablet, and with text at 200 %, which is what browser zoom
gives (WCAG 1.4.4): the window then has half the room for everything.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

import looking

LANGUAGES = ("enu", "ger", "jpn", "cht")
TABLET = {"width": 820, "height": 1180}
# A small window, a tablet, and 200 % of a usual one (1280 x 800).
ROOMS = ((1024, 640), (TABLET["width"], TABLET["height"]), (640, 400))
PAGES_MIN = 12
Show = Callable[..., Page]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_serious_barrier(show: Show, theme: str) -> None:
    page = show("w/", theme=theme)
    found = {name: looking.barriers(page) for name in looking.places(page)}
    assert {name: faults for name, faults in found.items() if faults} == {}
    assert len(found) >= PAGES_MIN


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_or_covered(show: Show, language: str) -> None:
    page = show("w/", lang=language)
    found = {}
    for name in looking.places(page):
        for width, height in ROOMS:
            page.set_viewport_size({"width": width, "height": height})
            if faults := looking.complaints(page):
                found[f"{name} at {width}x{height}"] = faults
    assert found == {}


def test_the_keyboard_is_always_visible(show: Show) -> None:
    page = show("w/")
    for name in looking.places(page):
        count, blind = looking.hidden_focus(page)
        assert count >= 10 and blind == [], name


def test_a_tablet_needs_no_mouse(show: Show) -> None:
    page = show("w/", **TABLET, has_touch=True)
    page.get_by_role("navigation").get_by_role("button", name="Mail Delivery").tap()
    page.get_by_role("button", name="About “SMTP banner”").tap()
    expect(page.get_by_role("dialog", name="About “SMTP banner”")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("navigation").get_by_role("button", name="Account").tap()
    page.get_by_role("gridcell", name="user-0001", exact=True).tap()
    expect(page.get_by_role("row", name="user-0001@")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("button", name="Deactivate", exact=True)).to_be_enabled()
