"""Mail Delivery > Disclaimer in the window: filled, copied from HTML, applied, previewed, undone (rows DI05, DI06)."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import FrameLocator, Page, expect

from office import Office, until

Window = Callable[..., FrameLocator]
SETTING = "mail_delivery.disclaimer.disclaimers"


def test_a_disclaimer_is_written_copied_to_plain_text_applied_and_taken_back(
    window: Window, page: Page, server: Office
) -> None:
    """DI01, DI05, DI06, DI08."""
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Mail Delivery").click()
    inside.get_by_role("tab", name="Disclaimer").click()
    inside.get_by_role("button", name="Create", exact=True).click()
    dialog = inside.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Legal")
    editor = dialog.get_by_role("textbox", name="HTML text")
    # The editor is loaded when it is needed.
    expect(editor).to_have_attribute("contenteditable", "true")
    editor.click()
    page.keyboard.type("Example Ltd., registered")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Bold").click()
    page.keyboard.type("in Springfield")
    dialog.get_by_role("button", name="Copy from HTML text").click()
    expect(dialog.get_by_label("Plain text", exact=True)).to_have_value("Example Ltd., registered\nin Springfield")
    dialog.get_by_role("button", name="OK").click()
    expect(inside.get_by_role("row", name="Legal")).to_be_visible()
    try:
        inside.get_by_role("button", name="Apply").click()
        (item,) = until(lambda: server.ctl("settings", "get", SETTING), 30)
        assert item["text"] == "Example Ltd., registered\nin Springfield"
        assert "<b>in Springfield</b>" in item["html"] and item["enabled"]
    finally:
        server.apply("mail_delivery.disclaimer", disclaimers=[])
