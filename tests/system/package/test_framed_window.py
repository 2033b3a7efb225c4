"""The window on DSM's desktop, on both generations: at home there, and gone with DSM's session (rows AC11, SW01)."""

from __future__ import annotations

import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Frame, Page, expect

from desktop import RELAY, Desktop, Refusal
from office import Office, until

SIGN_OUT = "/webapi/entry.cgi?api=SYNO.API.Auth&version=7&method=logout"
WIDTH, HEIGHT = 1180, 720
# The relay asks DSM every 4 s; the rest is for a machine that is shared.
ENDS_WITHIN_S = 40
DARK = "document.documentElement.style.setProperty('--v-color-font-tier1', '{}')"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def signed_in(page: Page, nas: Office, query: str = "") -> None:
    """An administrator at the desktop."""
    page.goto(f"{nas.web}/{query}")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(nas.passwords["admin"])
    page.get_by_role("button", name="Sign In").click()


def opened(page: Page, nas: Office, query: str = "") -> Frame:
    """The window, opened from the desktop; the frame inside of it."""
    signed_in(page, nas, query)
    page.get_by_label("Desktop").get_by_role("button", name="Mailroom").click()
    element = page.get_by_role("dialog", name="Mailroom").locator("iframe").element_handle()
    assert element is not None
    frame = element.content_frame()
    assert frame is not None
    expect(frame.get_by_role("navigation").get_by_role("button").first).to_be_visible(timeout=30_000)
    return frame


def test_it_has_its_size_its_icon_and_the_keyboard(nas: Office, page: Page) -> None:
    frame = opened(page, nas)
    box = page.get_by_role("dialog", name="Mailroom").bounding_box()
    assert box is not None and (round(box["width"]), round(box["height"])) == (WIDTH, HEIGHT)
    for icon in (page.get_by_label("Desktop").locator("img"), page.get_by_role("dialog").locator("header img")):
        assert icon.first.evaluate("one => one.complete && one.naturalWidth >= 64")
    until(lambda: frame.evaluate("document.hasFocus()"), 20, "the page has the keyboard")
    page.keyboard.press("Tab")
    assert frame.evaluate("document.activeElement !== document.body")
    if nas.profile == "7":
        # Whoever comes back to the window by the taskbar types into it again.
        page.get_by_role("button", name="Main Menu").focus()
        assert not frame.evaluate("document.hasFocus()")
        for _ in ("away", "back"):
            page.locator("#tasks").get_by_text("Mailroom").click()
        until(lambda: frame.evaluate("document.hasFocus()"), 20, "the page has the keyboard again")


def test_it_speaks_the_desktops_language_and_follows_it(nas: Office, page: Page) -> None:
    frame = opened(page, nas, "?lang=ger")
    expect(frame.get_by_role("button", name="Serververwaltung")).to_be_visible()
    assert frame.evaluate("document.documentElement.lang") == "de"
    page.evaluate("window._S = (name) => name === 'lang' ? 'jpn' : undefined; document.body.className += ' changed'")
    expect(frame.get_by_role("button", name="サーバー管理")).to_be_visible()


def test_it_follows_the_desktops_theme(nas: Office, page: Page) -> None:
    frame = opened(page, nas)
    root = frame.locator("html")
    expect(root).not_to_have_attribute("data-theme", "dark")
    page.evaluate(DARK.format("rgb(235, 240, 245)"))
    expect(root).to_have_attribute("data-theme", "dark")
    page.evaluate(DARK.format("rgb(65, 75, 85)"))
    expect(root).not_to_have_attribute("data-theme", "dark")


def test_closing_it_with_unsaved_changes_asks(nas: Office, page: Page) -> None:
    frame = opened(page, nas)
    asked: list[str] = []

    def answered(answer: bool) -> None:
        def handle(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.accept() if answer else dialog.dismiss()

        page.once("dialog", handle)

    window = page.get_by_role("dialog", name="Mailroom")
    frame.get_by_role("navigation").get_by_role("button", name="Mail Delivery").click()
    frame.get_by_label("Max message hops", exact=True).fill("61")
    answered(False)
    window.get_by_role("button", name="Close", exact=True).first.click()
    until(lambda: asked, 10, "it asks")
    expect(frame.get_by_label("Max message hops", exact=True)).to_have_value("61")
    answered(True)
    window.get_by_role("button", name="Close", exact=True).first.click()
    expect(window).to_have_count(0)
    assert asked == ["There are unsaved changes. Close the window anyway?"] * 2
    assert nas.ctl("settings", "get", "mail_delivery.general.max_hops") == 50


def test_without_changes_it_closes_at_once(nas: Office, page: Page) -> None:
    opened(page, nas)
    window = page.get_by_role("dialog", name="Mailroom")
    window.get_by_role("button", name="Close", exact=True).first.click()
    expect(window).to_have_count(0)


def test_the_end_of_dsms_session_is_told_and_loses_nothing_on_screen(nas: Office, page: Page) -> None:
    frame = opened(page, nas)
    frame.get_by_role("navigation").get_by_role("button", name="Mail Delivery").click()
    hops = frame.get_by_label("Max message hops", exact=True)
    hops.fill("62")
    # In another tab of the same browser: this window is told by nobody but the server.
    other = page.context.new_page()
    other.goto(nas.web)
    other.get_by_role("button", name="Sign Out").click()
    expect(other.get_by_label("Username")).to_be_visible()
    told = frame.get_by_role("dialog", name="Your DSM session has ended")
    expect(told).to_be_visible(timeout=ENDS_WITHIN_S * 1000)
    told.get_by_role("button", name="Close", exact=True).last.click()
    expect(hops).to_have_value("62")
    frame.get_by_role("button", name="Apply").click()
    expect(frame.get_by_text("Nobody is signed in to DSM.").first).to_be_visible()
    assert nas.ctl("settings", "get", "mail_delivery.general.max_hops") == 50


def test_the_button_leads_back_to_dsms_sign_in(nas: Office, page: Page) -> None:
    frame = opened(page, nas)
    page.context.request.get(f"{nas.web}{SIGN_OUT}")
    told = frame.get_by_role("dialog", name="Your DSM session has ended")
    told.get_by_role("button", name="Sign In to DSM").click(timeout=ENDS_WITHIN_S * 1000)
    expect(page.get_by_label("Username")).to_be_visible()


def test_an_open_stream_ends_with_dsms_session(nas: Office) -> None:
    desktop = Desktop(nas)
    place = urllib.parse.urlsplit(nas.web)
    with socket.create_connection((place.hostname or "", place.port or 80), timeout=ENDS_WITHIN_S) as link:
        lines = [f"GET {RELAY}/api/events?SynoToken={desktop.token} HTTP/1.1", "Host: nas", f"Cookie: {desktop.cookie}"]
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        heard = link.recv(65536)
        while b"retry: 2000" not in heard:
            heard += link.recv(65536)
        urllib.request.urlopen(
            urllib.request.Request(f"{nas.web}{SIGN_OUT}", headers={"Cookie": desktop.cookie})
        ).close()
        while link.recv(65536):
            pass
    with pytest.raises(Refusal) as refused:
        desktop.get("api/session")
    assert refused.value.status == 401
