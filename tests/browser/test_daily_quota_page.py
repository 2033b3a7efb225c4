"""Mail Delivery > Daily Quota in the window: limits, outbound usage, cleared for one and for all (rows DQ01-DQ04)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from office import DOMAIN, Office, until

Window = Callable[..., FrameLocator]
PAGE = "mail_delivery.daily_quota"


@pytest.fixture
def page_of_quota(window: Window, server: Office) -> Iterator[FrameLocator]:
    server.ctl("usage", "clear", "--all")
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Mail Delivery").click()
    inside.get_by_role("tab", name="Daily Quota", exact=True).click()
    yield inside
    server.apply(PAGE, limit_messages="no", messages=500)
    server.ctl("usage", "clear", "--all")


def send(server: Office, user: str) -> None:
    with server.submission(user) as client:
        client.send_message(server.mail("counted", to="friend@world.example", sender=f"{user}@{DOMAIN}"))


def messages(server: Office) -> dict[str, int]:
    return {one["user"]: one["messages"] for one in server.ctl("usage", "list")["users"]}


def test_usage_is_shown_as_it_happens_and_cleared(page_of_quota: FrameLocator, server: Office) -> None:
    """DQ01, DQ03, DQ04."""
    inside = page_of_quota
    usage = inside.get_by_role("group", name="Outbound Usage")
    expect(usage.get_by_text("Nobody has sent anything to others")).to_be_visible()
    expect(usage.get_by_role("button", name="Clear All")).to_be_disabled()
    for user in ("anna", "ben", "ben"):
        send(server, user)
    expect(usage.get_by_role("row", name="ben")).to_contain_text("Can send")

    inside.get_by_label("Enable daily sending quota", exact=True).check()
    inside.get_by_label("Daily quota", exact=True).fill("2")
    inside.get_by_role("button", name="Preview").click()
    preview = inside.get_by_role("dialog", name="What Apply would change")
    expect(preview.get_by_text("filter.json")).to_be_visible()
    preview.get_by_role("button", name="Apply", exact=True).click()
    expect(usage.get_by_role("row", name="ben")).to_contain_text("2 of 2")
    expect(usage.get_by_role("row", name="ben")).to_contain_text("Limit reached")
    expect(usage.get_by_role("row", name="anna")).to_contain_text("Can send")

    usage.get_by_label("Search users").fill("be")
    expect(usage.get_by_role("row", name="anna")).to_have_count(0)
    usage.get_by_role("row", name="ben").click()
    # Its name alone would mean the button that empties the search, too.
    usage.get_by_text("Clear", exact=True).click()
    expect(inside.get_by_text("The outbound usage of ben is cleared.")).to_be_visible()
    until(lambda: messages(server) == {"anna": 1}, 30)

    usage.get_by_label("Search users").fill("")
    usage.get_by_role("button", name="Clear All").click()
    ask = inside.get_by_role("dialog", name="Clear All")
    ask.get_by_role("button", name="Cancel").click()
    assert messages(server) == {"anna": 1}
    usage.get_by_role("button", name="Clear All").click()
    ask.get_by_role("button", name="Clear All").click()
    until(lambda: messages(server) == {}, 30)
    expect(usage.get_by_text("Nobody has sent anything to others")).to_be_visible()


def test_put_back_from_the_history(page_of_quota: FrameLocator, server: Office) -> None:
    """DQ02: an Apply of this page is undone."""
    inside = page_of_quota
    inside.get_by_label("Enable daily traffic limit on outbound email", exact=True).check()
    inside.get_by_label("Daily traffic limit", exact=True).fill("7")
    inside.get_by_role("button", name="Apply", exact=True).click()
    until(lambda: server.ctl("settings", "get", f"{PAGE}.volume_mb") == 7, 60)
    before = server.ctl("settings", "history", "--limit", "2")["revisions"][1]["revision"]
    server.ctl("settings", "put-back", str(before), "--page", PAGE)
    expect(inside.get_by_label("Enable daily traffic limit on outbound email", exact=True)).not_to_be_checked()


def test_sorted_by_what_is_clicked(show: Callable[..., Page]) -> None:
    """DQ03, with a made-up list."""
    page = show("w/", "mail_delivery/daily_quota")
    grid = page.get_by_role("group", name="Outbound Usage").get_by_role("grid")
    first = grid.get_by_role("row").nth(1)
    expect(first).to_contain_text("anna")
    grid.get_by_role("columnheader", name="Resets at").get_by_role("button").first.click()
    expect(first).to_contain_text("lena")
    grid.get_by_role("columnheader", name="User").get_by_role("button").first.click()
    expect(first).to_contain_text("anna")
    page.get_by_label("Search users").fill("zzz")
    expect(page.get_by_text("No user matches “zzz”.")).to_be_visible()
