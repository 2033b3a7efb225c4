"""Queue, as it was built, with a made-up API beside it: what waits, what is asked first, and what is not there."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from looking import barriers

Show = Callable[..., Page]
REFUSES = "The other server refuses connections."


def test_what_waits_is_seen_held_and_deleted_after_a_question(show: Show) -> None:
    page = show("w/", "queue")
    grid = page.get_by_role("grid", name="Queue")
    row = grid.get_by_role("row", name=REFUSES)
    expect(row).to_contain_text("friend-1@world.example")
    expect(page.get_by_role("button", name="Hold")).to_be_disabled()
    row.click()
    page.get_by_role("button", name="Hold").click()
    held = grid.get_by_role("row", name="On hold: it stays until somebody releases it.")
    held.click()
    page.get_by_role("button", name="Release").click()
    expect(held).to_have_count(0)
    row = grid.get_by_role("row", name="friend-1@world.example")
    row.click()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 1 message?")
    expect(dialog).to_contain_text("no recipient gets it, and the sender is not notified")
    expect(dialog).to_contain_text("From anna@example.com to friend-1@world.example")
    dialog.get_by_role("button", name="Cancel").click()
    expect(row).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_a_message_is_shown_with_the_other_servers_words(show: Show) -> None:
    page = show("w/", "queue")
    page.get_by_role("grid", name="Queue").get_by_role("row", name="friend-2@world.example").dblclick()
    details = page.get_by_role("dialog", name="Waiting message")
    expect(details).to_contain_text("The recipient's mailbox or server is full.")
    expect(details).to_contain_text("452 4.2.2 The mailbox is over quota")
    expect(details).to_contain_text("about ")
    assert barriers(page) == []


def test_an_empty_queue_says_so_with_the_time(show: Show) -> None:
    page = show("w/", "license")
    nothing = {"time": 1790000000, "total": 0, "found": 0, "read": 0, "messages": []}
    page.route("**/api/queue?*", lambda route: route.fulfill(json=nothing))
    page.get_by_role("navigation").get_by_role("button", name="Queue").click()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    expect(page.get_by_text("Looked at ")).to_be_visible()


def test_what_is_not_built_says_so(show: Show) -> None:
    page = show("w/", "threat_monitor")
    expect(page.get_by_text("Not in this version.", exact=True)).to_be_visible()
    box = page.get_by_role("combobox", name="Find a setting or page")
    for word in ("greylist", "DKIM", "vacation"):
        box.fill(word)
        expect(page.get_by_role("note")).to_contain_text("Comes later: not in this version.")
    box.fill("iPhone")
    page.get_by_role("option", name="Mail Programs").click()
    expect(page.get_by_role("tab", name="Mail Programs", selected=True)).to_be_visible()
