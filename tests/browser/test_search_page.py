"""Service > Full-Text Search in the window: previewed, applied, made live, paused, removed, put back (PR10, PR11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from looking import barriers
from office import Office, until

Window = Callable[..., FrameLocator]
PAGE = "service.search"


@pytest.fixture
def page_of_search(window: Window, server: Office) -> Iterator[FrameLocator]:
    until(lambda: server.ctl("search", "show")["state"] == "ready", 60, "the index is ready")
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Service").click()
    inside.get_by_role("tab", name="Full-Text Search", exact=True).click()
    yield inside
    server.ctl("search", "resume")
    server.apply(PAGE, enabled=True, character_search=False)


def test_switched_off_previewed_and_put_back(page_of_search: FrameLocator, server: Office) -> None:
    inside = page_of_search
    index = inside.get_by_role("group", name="Search Index")
    expect(index.get_by_text("Up to date")).to_be_visible()
    expect(index.get_by_text("3 of 3 users")).to_be_visible()
    inside.get_by_label("Enable full-text search", exact=True).uncheck()
    character = inside.get_by_label("Allow character search for Chinese, Japanese, and Korean mail", exact=True)
    expect(character).to_be_disabled()
    inside.get_by_role("button", name="Preview").click()
    preview = inside.get_by_role("dialog", name="What Apply would change")
    expect(preview.get_by_text("dovecot.conf")).to_be_visible()
    expect(preview.get_by_text("will be removed in the background")).to_be_visible()
    preview.get_by_role("button", name="Apply", exact=True).click()
    expect(index.get_by_text("Searches look at the messages themselves.")).to_be_visible()
    expect(index.get_by_role("button")).to_have_count(0)

    inside.get_by_role("button", name="History", exact=True).click()
    history = inside.get_by_role("dialog")
    history.get_by_role("button", name="Return to This State").first.click()
    history.get_by_role("button", name="Back to the List").wait_for()
    history.get_by_role("button", name="Return to This State", exact=True).click()
    until(lambda: server.ctl("settings", "get", f"{PAGE}.enabled") is True, 30, "it is put back")
    expect(index.get_by_text("Up to date")).to_be_visible(timeout=60_000)


def test_paused_and_resumed(page_of_search: FrameLocator, server: Office) -> None:
    inside = page_of_search
    index = inside.get_by_role("group", name="Search Index")
    server.ctl("search", "pause")
    expect(index.get_by_text("Paused", exact=True)).to_be_visible()
    inside.get_by_label("Allow character search for Chinese, Japanese, and Korean mail", exact=True).check()
    inside.get_by_role("button", name="Apply", exact=True).click()
    expect(index.get_by_text("0 of 3 users")).to_be_visible()
    index.get_by_role("button", name="Resume").click()
    expect(index.get_by_text("Up to date")).to_be_visible(timeout=60_000)
    expect(index.get_by_text("3 of 3 users")).to_be_visible()
    assert server.ctl("search", "show")["state"] == "ready"


def test_progress_is_seen_and_can_rest(show: Callable[..., Page]) -> None:
    page = show("w/", "service/search")
    index = page.get_by_role("group", name="Search Index")
    bar = index.get_by_role("progressbar")
    before = int(bar.get_attribute("aria-valuenow") or "0")
    expect(index.get_by_text("Archive/2025")).to_be_visible()
    expect(bar).not_to_have_attribute("aria-valuenow", str(before))
    index.get_by_role("button", name="Pause").click()
    expect(index.get_by_text("Paused", exact=True)).to_be_visible()
    expect(index.get_by_text("Archive/2025")).to_have_count(0)
    assert barriers(page) == []
    index.get_by_role("button", name="Resume").click()
    expect(index.get_by_text("Indexing", exact=True)).to_be_visible()
