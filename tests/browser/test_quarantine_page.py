"""Security > Quarantine, as it was built, with a made-up API beside it: view, release and delete, each asked first."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from looking import barriers

Show = Callable[..., Page]


def test_a_message_is_viewed_as_plain_text_then_released_and_deleted(show: Show) -> None:
    page = show("w/", "security/quarantine")
    grid = page.get_by_role("grid", name="Quarantine")
    row = grid.get_by_role("row", name="Invoice 4711")
    expect(row).to_contain_text("ClamAV: Win.Trojan.Agent-1")
    expect(page.get_by_role("button", name="Release")).to_be_disabled()
    row.click()
    page.get_by_role("button", name="View").click()
    details = page.get_by_role("dialog", name="Message in quarantine")
    expect(details).to_contain_text("Please pay at once: <script>alert(1)</script>")
    expect(details).to_contain_text("invoice.exe")
    assert barriers(page) == []
    details.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Release").click()
    asks = page.get_by_role("dialog", name="Release this message?")
    expect(asks).to_contain_text("past the check that held it (ClamAV: Win.Trojan.Agent-1)")
    asks.get_by_role("button", name="Release").click()
    expect(row).to_have_count(0)
    other = grid.get_by_role("row", name="Your parcel")
    other.click()
    page.get_by_role("button", name="Original Mail").click()
    saves = page.get_by_role("dialog", name="Save the original?")
    expect(saves.get_by_role("link", name="Original Mail")).to_have_attribute(
        "download", "01KBBTS0QJ6J2Q1QTB1Y4DH6V1.eml"
    )
    saves.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete 1 message?").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing is in the quarantine.")).to_be_visible()


def test_the_search_finds_the_page_and_the_list_says_what_it_lacks(show: Show) -> None:
    page = show("w/", "license")
    page.route("**/api/quarantine?*", lambda route: route.fulfill(json=_some(route.request.url)))
    page.get_by_role("combobox", name="Find a setting or page").fill("false positive")
    page.get_by_role("option", name="Quarantine").click()
    page.get_by_label("Search the quarantine").fill("nobody")
    expect(page.get_by_text("No message in the quarantine matches “nobody”.")).to_be_visible()
    expect(page.get_by_text("The first 1 of 12,000 messages.")).to_be_visible()


def _some(address: str) -> dict[str, object]:
    return {"total": 12_000, "read": 1, "found": 0 if "nobody" in address else 1, "messages": []}
