"""The desktop in a real browser: sign-in, icons, windows."""

from __future__ import annotations

from dsm_desk import PASSWORD
from playwright.sync_api import Browser, expect

from dsmhost.machine import Machine


def test_window(shown: Machine, address: str, browser: Browser) -> None:
    """Sign in, open the app from its icon: its frame shows the CGI's answer for who is signed in."""
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("alert")).to_have_text("Wrong username or password.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    page.get_by_label("Desktop").get_by_role("button", name="Probe").click()
    window = page.get_by_role("dialog", name="Probe")
    runner = "probe" if shown.profile == "7" else "root"
    expect(window.frame_locator("iframe").get_by_role("heading")).to_have_text(f"Hello [anna] as {runner} at /")
    task = page.get_by_label("Taskbar").get_by_text("Probe")
    task.click()
    expect(window).to_be_hidden()
    task.click()
    expect(window).to_be_visible()
    window.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Sign Out").click()
    expect(page.get_by_label("Username")).to_be_visible()
    assert errors == []
    page.close()


def test_plain_user_sees_no_icon(shown: Machine, address: str, browser: Browser) -> None:
    """allUsers is off: only administrators see the app."""
    page = browser.new_page()
    page.goto(address)
    page.get_by_label("Username").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_label("Taskbar")).to_contain_text("bob")
    expect(page.get_by_label("Desktop").get_by_role("button")).to_have_count(0)
    page.close()
