"""The portal's addresses, and its layout from a phone to a small tablet (rows CL01, CL03)."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from office import DOMAIN, Office

Portal = Callable[..., Page]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def mark(server: Office) -> str:
    """A word that is in the subjects of 40 messages to three people, each with its number."""
    found = f"places{uuid.uuid4().hex[:8]}"
    with server.imap("chloe") as client:
        for number in range(40):
            message = EmailMessage()
            message["From"] = "A Friend With A Long Name <friend@world.example>"
            message["To"] = f"chloe@{DOMAIN}, anna@{DOMAIN}, somebody.else@world.example"
            message["Subject"] = f"{found} number {number:02}"
            message.set_content(f"This is {number:02} of {found}.")
            client.append("INBOX", None, None, message.as_bytes())
    return found


def rows(page: Page) -> list[str]:
    """The texts of the rows within the list's own borders."""
    found: list[str] = page.evaluate(
        """() => { const box = document.querySelector('.rows').getBoundingClientRect();
        return [...document.querySelectorAll('.message-row')].filter((row) => { const at = row.getBoundingClientRect();
        return at.bottom > box.top && at.top < box.bottom && at.height > 0 }).map((row) => row.innerText) }"""
    )
    return found


def open_row(page: Page, subject: str) -> None:
    page.locator(".message-row", has_text=subject).click()
    expect(page.get_by_role("heading", name=subject)).to_be_visible()


def test_back_forward_reload_and_links_lead_to_a_message(portal: Portal, mark: str) -> None:
    page = portal("chloe")
    page.set_viewport_size(PHONE)
    open_row(page, f"{mark} number 39")
    page.go_back()
    expect(page.get_by_role("listbox")).to_be_visible()
    expect(page.get_by_role("heading", name=f"{mark} number 39")).not_to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name=f"{mark} number 39")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=f"{mark} number 39")).to_be_visible()
    link = page.url
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("listbox")).to_be_visible()
    other = page.context.new_page()
    other.set_viewport_size(PHONE)
    other.goto(link)
    expect(other.get_by_role("heading", name=f"{mark} number 39")).to_be_visible()
    other.goto(re.sub(r"/\d+$", "/4000000000", link))
    expect(other.get_by_text("This message is no longer there.")).to_be_visible()
    other.get_by_role("button", name="Back").click()
    expect(other.get_by_role("listbox")).to_be_visible()
    # Of another mailbox the same number would be another message.
    other.close()
    page.go_forward()
    expect(page.get_by_role("heading", name=f"{mark} number 39")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Account:").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_label("User name")).to_be_visible()
    assert "#" not in page.url


def test_folders_and_searches_have_addresses_and_the_title_counts(portal: Portal, mark: str) -> None:
    page = portal("chloe")
    expect(page).to_have_title(re.compile(r"^\(\d+\) Inbox - Mail$"))
    page.get_by_role("navigation", name="Folders").get_by_text("Trash").click()
    expect(page).to_have_title(re.compile(r"^\(\d+\) Trash - Mail$"))
    page.go_back()
    expect(page).to_have_title(re.compile("Inbox"))
    page.get_by_role("searchbox").fill(f"{mark} number 07")
    expect(page.get_by_role("heading", name=re.compile("^1 result for"))).to_be_visible()
    link = page.url
    page.get_by_role("button", name="End search").click()
    expect(page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_role("heading", name=re.compile("^1 result for"))).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value(f"{mark} number 07")


def test_a_place_that_is_left_while_it_loads_opens_nothing_elsewhere(portal: Portal, mark: str) -> None:
    """Its number is another message in another folder, and would be read there."""
    page = portal("chloe")
    open_row(page, f"{mark} number 36")
    opened: list[str] = []
    page.on("request", lambda request: opened.append(request.url) if "/Drafts/messages/" in request.url else None)
    page.route("**/folders/INBOX/messages?**", lambda route: (time.sleep(1.0), route.continue_()))
    page.reload()
    page.get_by_role("link", name=re.compile("^Drafts")).click()
    expect(page.get_by_role("heading", name="Drafts", level=1)).to_be_visible()
    page.wait_for_timeout(1500)
    expect(page).to_have_url(re.compile("#Drafts$"))
    assert opened == []


def test_the_list_is_there_after_a_tap_while_it_scrolled(portal: Portal, mark: str) -> None:
    page = portal("chloe")
    page.set_viewport_size(PHONE)
    expect(page.get_by_text(f"{mark} number 39")).to_be_visible()
    for _ in range(3):
        page.evaluate("document.querySelector('.rows').scrollTo({ top: 1400 })")
        page.evaluate("document.querySelectorAll('.message-row')[12].click()")
        expect(page.locator(".letter h2")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("listbox")).to_be_visible()
        time.sleep(0.3)
        assert len(rows(page)) >= 8 and all(rows(page))
        page.evaluate("document.querySelector('.rows').scrollTo({ top: 0 })")


def test_nothing_lies_over_something_else(portal: Portal, mark: str) -> None:
    page = portal("chloe")
    open_row(page, f"{mark} number 38")
    for width in (1100, 1024, 950, 820, 768, 390, 360):
        page.set_viewport_size({"width": width, "height": 900})
        # The list keeps its scroll bar a moment longer than its width.
        page.wait_for_timeout(100)
        shown = buttons(page)
        assert len(shown) >= 8
        for number, (name, box) in enumerate(shown):
            assert box["x"] >= 0 and box["x"] + box["width"] <= width + 0.5, (width, name, box)
            over = [other for other, beside in shown[number + 1 :] if not apart(box, beside)]
            assert not over or {name, *over} & {"Search", "Clear"}, (width, name, over)
        sender = page.locator(".letter .people b").bounding_box()
        assert sender and sender["height"] < 60, width


def buttons(page: Page) -> list[tuple[str, dict[str, float]]]:
    """(name, place) of each button and field that is on screen, without those of the folders' drawer."""
    found: list[tuple[str, dict[str, float]]] = page.evaluate(
        """() => [...document.querySelectorAll('.mail button, .mail .top input')]
        .filter((one) => !one.closest('.side') && getComputedStyle(one).visibility === 'visible')
        .map((one) => { const { x, y, width, height } = one.getBoundingClientRect();
          return [one.ariaLabel || one.innerText, { x, y, width, height }] }).filter(([, at]) => at.width)"""
    )
    return found


def apart(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether two places have nothing in common."""
    return any(
        first[at] + first[size] <= second[at] + 0.5
        for first, second in ((one, other), (other, one))
        for at, size in (("x", "width"), ("y", "height"))
    )


def test_what_is_done_with_several_is_offered_once(portal: Portal, mark: str) -> None:
    page = portal("chloe")
    open_row(page, f"{mark} number 37")
    for number in (36, 35):
        page.locator(".message-row", has_text=f"{mark} number {number}").locator(".pick").click()
    actions = page.get_by_role("toolbar")
    expect(actions).to_have_count(1)
    actions.get_by_text("Delete", exact=True).click()
    expect(page.get_by_text("2 messages moved to Trash.")).to_be_visible()
    expect(page.get_by_text(f"{mark} number 36")).to_have_count(0)
    expect(page.get_by_role("heading", name=f"{mark} number 37")).to_be_visible()


def act(page: Page, folder: str, action: str) -> None:
    """Pick from a folder's menu."""
    page.get_by_role("link", name=re.compile(f"^{folder}")).hover()
    page.get_by_role("button", name=f"Actions of {folder}").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def test_folders_are_made_renamed_deleted_and_brought_back(portal: Portal, mark: str) -> None:
    page = portal("chloe")
    page.get_by_role("button", name="New folder").click()
    dialog = page.get_by_role("dialog")
    for name, said in (("", "Enter a name."), ("a/b", "cannot have"), ("Trash", "of this name already")):
        dialog.get_by_label("Name").fill(name)
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_text(said)).to_be_visible()
    dialog.get_by_label("Name").fill(mark)
    dialog.get_by_label("Name").press("Enter")
    expect(page.get_by_role("heading", name=mark, level=1)).to_be_visible()
    act(page, mark, "New folder inside")
    dialog.get_by_label("Name").fill("inner")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="inner", level=1)).to_be_visible()
    act(page, mark, "Rename or move")
    dialog.get_by_label("Name").fill(f"{mark} 2")
    dialog.get_by_role("button", name="Save").click()
    # What is on screen lies in it, and is followed to where it is now.
    expect(page).to_have_url(re.compile(f"{mark}%202%2Finner$"))
    expect(page.get_by_role("heading", name="inner", level=1)).to_be_visible()
    act(page, f"{mark} 2", "Delete folder")
    expect(page.get_by_text(f"“{mark} 2” moved to Trash.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    act(page, f"{mark} 2", "Delete folder")
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    act(page, "Trash", "Empty")
    dialog.get_by_role("button", name="Delete for Good").click()
    expect(page.get_by_role("link", name=f"{mark} 2")).to_have_count(0)
