"""Security > Antivirus in the window: the engine, its definitions and their age, an update now (AV01, AV02, AV06)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from looking import barriers

Show = Callable[..., Page]
INFORMATION = "Anti-Virus Engine System Information"


def health(page: Page, value: str) -> None:
    """How the made-up server is."""
    page.evaluate(
        "value => fetch('api/mock/state', { method: 'POST', body: JSON.stringify({ health: value }) })", value
    )


def test_the_engine_is_chosen_from_a_list(show: Show) -> None:
    """AV01: a choice of one is no field to type in."""
    page = show("w/", "security/antivirus")
    engine = page.get_by_role("combobox", name="Select engine")
    assert engine.evaluate("one => one.tagName") != "INPUT"
    expect(engine).to_have_text("ClamAV")


def test_definitions_with_version_and_age(show: Show) -> None:
    """AV02."""
    page = show("w/", "security/antivirus")
    box = page.get_by_role("group", name=INFORMATION)
    expect(box.get_by_text("Up to date", exact=True)).to_be_visible()
    expect(box.get_by_text("ClamAV 1.4.6, uses definitions of version 27421")).to_be_visible()
    row = box.get_by_role("row", name="daily")
    expect(row).to_contain_text("27421")
    expect(row).to_contain_text("ago")
    assert barriers(page) == []


@pytest.mark.parametrize(("theme", "lang"), [("light", "enu"), ("dark", "ger")])
def test_limited_is_told_and_one_click_ends_it(show: Show, theme: str, lang: str) -> None:
    """AV06."""
    page = show("w/", "security/antivirus", theme=theme, lang=lang, width=1024, height=640)
    box = page.get_by_role("group").first
    expect(box.get_by_role("row", name="daily")).to_be_visible()
    health(page, "problem")
    page.reload()
    expect(box.get_by_text("Limited" if lang == "enu" else "Eingeschränkt", exact=True)).to_be_visible()
    assert barriers(page) == []
    box.get_by_role("button").click()
    expect(box.get_by_role("button")).to_be_disabled()
    expect(box.get_by_role("row", name="daily")).to_be_visible()
    health(page, "healthy")


def test_a_problem_with_definitions_has_its_button_in_server_list(show: Show) -> None:
    """AV06."""
    page = show("w/", "overview")
    health(page, "problem")
    page.reload()
    problem = page.locator("[data-problem=definitions]")
    problem.get_by_role("button", name="Update now").click()
    expect(page.get_by_text("Virus definitions are being downloaded.")).to_be_visible()
    health(page, "healthy")
