"""What is open, as people see and end it: Security > Open Sessions in the window, and the portal's own list."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, FrameLocator, Page, expect

import looking
from desktop import Portal, Refusal
from office import Office, until


def is_signed_out(browser: Portal) -> bool:
    """Whether the server has ended this session of the portal."""
    try:
        browser.ask("GET", "api/folders")
    except Refusal as refused:
        return refused.status == 401
    return False


def test_an_administrator_ends_what_a_user_has_open(window: Callable[..., FrameLocator], server: Office) -> None:
    server.ctl("sessions", "end-all", "chloe")
    chloe = Portal(server)
    chloe.sign_in("chloe")
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Security").click()
    inside.get_by_role("tab", name="Open Sessions").click()
    rows = inside.get_by_role("row").filter(has_text="Mail portal")
    expect(rows.filter(has_text="chloe")).to_have_count(1)
    own = inside.get_by_role("row").filter(has_text="(this one)")
    expect(own).to_contain_text("admin")
    expect(inside.get_by_text("Connections for sending mail are not listed.")).to_be_visible()
    # What one looks through oneself is asked about first.
    own.get_by_role("button", name="End").click()
    asks = inside.get_by_role("dialog", name="End this session?")
    asks.get_by_role("button", name="Cancel").click()
    assert not is_signed_out(chloe)
    rows.filter(has_text="chloe").get_by_role("button", name="End").click()
    expect(rows.filter(has_text="chloe")).to_have_count(0)
    until(lambda: is_signed_out(chloe), 10)
    expect(own).to_be_visible()


def test_a_user_ends_the_other_browser_and_stays(portal: Callable[..., Page], browser: Browser, server: Office) -> None:
    other = looking.counting(browser, 900, 700, locale="en-US").new_page()
    other.set_default_timeout(30_000)
    other.goto(f"{server.web}/mail/")
    other.get_by_label("User name").fill("ben")
    other.get_by_label("Password", exact=True).fill(server.passwords["ben"])
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("button", name="Compose")).to_be_visible()
    page = portal("ben")
    page.get_by_role("button", name="Account: Ben").click()
    page.get_by_role("menuitem", name="Open Sessions").click()
    shown = page.get_by_role("dialog", name="Open Sessions")
    others = shown.get_by_role("row").filter(has_text="Mail portal").filter(has_not_text="(this one)")
    expect(shown.get_by_role("row").filter(has_text="(this one)")).to_have_count(1)
    # A session of a test before may be open still: all of the user's others are ended.
    expect(others.first).to_be_visible()
    for left in range(others.count() - 1, -1, -1):
        others.first.get_by_role("button", name="End").click()
        expect(others).to_have_count(left)
    # The other browser is signed out without anything being done in it.
    expect(other.get_by_label("Password", exact=True)).to_be_visible(timeout=30_000)
    other.context.close()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Compose")).to_be_visible()
    assert page.request.get(f"{server.web}/mail/api/folders").status == 200
