"""Mail Delivery > Black & White List in the window (rows BW01, BW09): the made-up API, a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect


def create(page: Page, name: str, kind: str, criteria: str) -> Locator:
    """The dialog of a new rule, filled in."""
    page.get_by_role("button", name="Create", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill(name)
    dialog.get_by_label("Type", exact=True).click()
    page.get_by_role("option", name=kind, exact=True).click()
    dialog.get_by_label("Criteria", exact=True).fill(criteria)
    return dialog


def test_rules_are_created_searched_switched_off_edited_and_deleted(show: Callable[..., Page]) -> None:
    page = show("w/", "mail_delivery/lists")
    for name, kind, criteria in (
        ("Spammers", "Sender", "*@spam.example"),
        ("Old list", "Recipient", "news-*@example.com"),
        ("A machine", "IP", "198.51.100.7"),
    ):
        create(page, name, kind, criteria).get_by_role("button", name="OK").click()
    expect(page.get_by_role("tab", name="Blacklist (3)")).to_be_visible()
    page.get_by_label("Search this list").fill("NEWS")
    expect(page.get_by_role("row", name="Old list")).to_be_visible()
    expect(page.get_by_role("row", name="Spammers")).to_have_count(0)
    page.get_by_label("Search this list").fill("")
    page.get_by_label("Enabled: Spammers", exact=True).uncheck()
    page.get_by_text("Old list", exact=True).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("A machine", exact=True).click()
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("dialog").get_by_label("Criteria", exact=True).fill("198.51.100.8")
    page.get_by_role("dialog").get_by_role("button", name="OK").click()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("198.51.100.8", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Apply", exact=True)).to_be_disabled()
    expect(page.get_by_label("Enabled: Spammers", exact=True)).not_to_be_checked()
    expect(page.get_by_role("tab", name="Blacklist (2)")).to_be_visible()


def test_only_the_whitelist_knows_domains_and_the_wrong_form_is_told_at_once(show: Callable[..., Page]) -> None:
    page = show("w/", "mail_delivery/lists")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("dialog").get_by_label("Type", exact=True).click()
    expect(page.get_by_role("option", name="Sender", exact=True)).to_be_visible()
    expect(page.get_by_role("option", name="Domain", exact=True)).to_have_count(0)
    page.get_by_role("option", name="IP/subnet mask", exact=True).click()
    criteria = page.get_by_role("dialog").get_by_label("Criteria", exact=True)
    expect(criteria).to_have_attribute("placeholder", "e.g. 192.0.2.0/24, 192.0.2.0/255.255.255.0")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("tab", name="Whitelist (0)").click()
    dialog = create(page, "Partner", "Domain", "*.partner.example")
    dialog.get_by_role("button", name="OK").click()
    expect(dialog.get_by_text("Write it like this: example.com")).to_be_visible()
    dialog.get_by_label("Criteria", exact=True).fill("partner.example")
    dialog.get_by_role("button", name="OK").click()
    expect(page.get_by_role("tab", name="Whitelist (1)")).to_be_visible()
