"""Account > User and License in the window (rows AC06, AC07, LI01, LI02)."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable

from playwright.sync_api import FrameLocator, Page, expect

from office import Office

Window = Callable[..., FrameLocator]


def account_page(inside: FrameLocator) -> None:
    inside.get_by_role("navigation").get_by_role("button", name="Account").click()
    expect(inside.get_by_role("row", name="chloe")).to_be_visible()


def test_users_are_filtered_sorted_and_exported(window: Window, page: Page) -> None:
    inside = window()
    account_page(inside)
    inside.get_by_role("button", name="Not activated", exact=True).click()
    expect(inside.get_by_role("row", name="chloe")).to_have_count(0)
    expect(inside.get_by_role("row", name=re.compile("^admin "))).to_be_visible()
    with page.expect_download() as filtered:
        inside.get_by_role("link", name="Export as CSV").click()
    lines = list(csv.reader(filtered.value.path().read_text("utf-8-sig").splitlines()))
    assert lines[0][0] == "Username" and "chloe" not in [line[0] for line in lines]
    inside.get_by_role("button", name="Not activated", exact=True).click()
    title = inside.get_by_role("columnheader", name="Username")
    title.get_by_role("button", name="Username").click()
    expect(title).to_have_attribute("aria-sort", "descending")
    expect(inside.get_by_role("row").nth(1)).to_contain_text("chloe")


def test_a_range_is_chosen_by_keyboard_and_the_seats_are_told_before(
    window: Window, page: Page, server: Office
) -> None:
    inside = window()
    account_page(inside)
    inside.get_by_role("row", name="anna").click()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    for name in ("anna", "ben", "chloe"):
        expect(inside.get_by_role("row", name=name)).to_have_attribute("aria-selected", "true")
    inside.get_by_role("button", name="Deactivate", exact=True).click()
    asked = inside.get_by_role("dialog", name="What this changes")
    expect(asked).to_contain_text("Accounts in use: 3 → 0 of 5")
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    assert server.ctl("licences")["used"] == 3


def test_the_columns_are_chosen_and_remembered(window: Window, page: Page) -> None:
    inside = window()
    account_page(inside)
    inside.get_by_role("button", name="Columns").click()
    inside.get_by_role("checkbox", name="Email address").uncheck()
    page.keyboard.press("Escape")
    expect(inside.get_by_role("columnheader", name="Email address")).to_have_count(0)
    inside.get_by_role("navigation").get_by_role("button", name="License").click()
    account_page(inside)
    expect(inside.get_by_role("columnheader", name="Email address")).to_have_count(0)


def test_states_are_explained_and_licences_counted(window: Window) -> None:
    inside = window()
    account_page(inside)
    row = inside.get_by_role("row", name="anna")
    expect(row.get_by_title("The user has a license and can use mail.")).to_be_visible()
    expect(row).to_contain_text("Activated: The user has a license and can use mail.")
    inside.get_by_role("navigation").get_by_role("button", name="License").click()
    expect(inside.get_by_role("row", name="DEFAULT FREE LICENSE 5")).to_be_visible()
    expect(inside.get_by_role("definition").nth(1)).to_have_text("3")
