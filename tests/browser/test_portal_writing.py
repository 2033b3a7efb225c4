"""Writing in the portal: nothing that was written is lost, and what was done can be undone."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import looking
from office import DOMAIN, Office

Portal = Callable[..., Page]
OTHER_WORDS = "From the other page."


@pytest.fixture(autouse=True)
def nothing_in_drafts(server: Office) -> Iterator[None]:
    """Each test begins with empty drafts."""
    with server.imap("ben") as client:
        if client.select("Drafts")[0] == "OK" and client.search(None, "ALL")[1] != [b""]:
            client.store("1:*", "+FLAGS", "(\\Deleted)")
            client.expunge()
    yield


def write(page: Page, subject: str, text: str, to: str = "") -> Locator:
    """Begin a message; the composer."""
    page.get_by_role("button", name="Compose").first.click()
    box = page.get_by_role("dialog", name="New message")
    if to:
        box.get_by_role("combobox", name="To", exact=True).fill(to)
        page.keyboard.press("Enter")
    box.get_by_role("textbox", name="Subject").fill(subject)
    page.get_by_role("textbox", name="Message text").click()
    page.keyboard.type(text)
    return page.get_by_role("dialog", name=subject)


def saved(composer: Locator) -> None:
    """Wait until the composer says that all is saved."""
    expect(composer.get_by_role("status")).to_have_text(re.compile(r"Saved \d\d:\d\d"))


def drafts(server: Office) -> list[str]:
    return [one.decode("utf-8", "replace") for one in server.folder_of("ben", "Drafts")]


def second_page(page: Page, browser: Browser, server: Office, *, same_browser: bool) -> Page:
    """The portal once more: in another tab, or on another device."""
    if same_browser:
        other = page.context.new_page()
        other.goto(f"{server.web}/mail/")
        return other
    other = looking.counting(browser, 1280, 800, locale="en-US").new_page()
    other.goto(f"{server.web}/mail/")
    other.get_by_label("User name").fill("ben")
    other.get_by_label("Password", exact=True).fill(server.passwords["ben"])
    other.get_by_role("button", name="Sign in").click()
    return other


def open_drafts(page: Page, subject: str) -> Locator:
    page.get_by_role("link", name=re.compile("^Drafts")).first.click()
    page.get_by_role("option", name=re.compile(subject)).first.click()
    composer = page.get_by_role("dialog", name=subject)
    expect(composer).to_be_visible()
    return composer


def test_a_draft_goes_on_after_a_reload_and_on_another_device(portal: Portal, browser: Browser, server: Office) -> None:
    page = portal("ben")
    composer = write(page, "begun here", "First words.", "ann")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"a plan\n" * 1000}
    )
    saved(composer)
    (raw,) = drafts(server)
    assert "First words." in raw and "plan.txt" in raw
    page.reload()
    composer = page.get_by_role("dialog", name="begun here")
    expect(composer.get_by_role("textbox", name="Message text")).to_contain_text("First words.")
    expect(composer.get_by_text("plan.txt")).to_be_visible()
    expect(composer.locator(".tag.bad")).to_have_text("ann")
    composer.get_by_role("button", name="Close").click()
    expect(page.get_by_text("Saved in Drafts.")).to_be_visible()
    other = second_page(page, browser, server, same_browser=False)
    composer = open_drafts(other, "begun here")
    expect(composer.get_by_role("textbox", name="Message text")).to_contain_text("First words.")
    composer.get_by_role("textbox", name="Message text").click()
    other.keyboard.type("Then more. ")
    saved(composer)
    (raw,) = drafts(server)
    assert "Then more." in raw and "First words." in raw and "plan.txt" in raw
    other.context.close()


def test_two_tabs_never_overwrite_each_other(portal: Portal, browser: Browser, server: Office) -> None:
    page = portal("ben")
    composer = write(page, "in two tabs", "From the first page.")
    saved(composer)
    other = second_page(page, browser, server, same_browser=True)
    # What is being written in the first tab is not opened by itself in the second.
    expect(other.get_by_role("option", name=re.compile("in two tabs"))).to_have_count(0)
    theirs = open_drafts(other, "in two tabs")
    theirs.get_by_role("textbox", name="Message text").click()
    other.keyboard.type(OTHER_WORDS)
    saved(theirs)
    page.get_by_role("textbox", name="Message text").click()
    page.keyboard.type(" And still more.")
    expect(composer.get_by_text("kept as a second draft; nothing was overwritten")).to_be_visible()
    saved(composer)
    texts = drafts(server)
    assert len(texts) == 2 and sum(OTHER_WORDS in one for one in texts) == 1
    assert sum("And still more." in one for one in texts) == 1
    assert len({re.search("(?mi)^Message-ID: .*$", one)[0] for one in texts}) == 2  # type: ignore[index]


def test_without_a_network_it_is_kept_here_and_saved_later(portal: Portal, page: Page, server: Office) -> None:
    portal("ben")
    composer = write(page, "on a train", "Before the tunnel.")
    saved(composer)
    page.context.set_offline(True)
    page.get_by_role("textbox", name="Message text").click()
    page.keyboard.type(" In the tunnel.")
    expect(composer.get_by_role("status")).to_have_text("Not saved: no connection (kept in this browser)")
    # The page dies in the tunnel; a new one goes on with what the browser has.
    page.close()
    fresh = page.context.new_page()
    fresh.context.set_offline(False)
    fresh.goto(f"{server.web}/mail/")
    composer = fresh.get_by_role("dialog", name="on a train")
    expect(composer.get_by_role("textbox", name="Message text")).to_contain_text("In the tunnel.")
    saved(composer)
    (raw,) = drafts(server)
    assert "Before the tunnel." in raw and "In the tunnel." in raw


def test_a_draft_of_another_program_is_written_on_and_sent(portal: Portal, server: Office) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"ben@{DOMAIN}", "Friend <friend@world.example>", "from a phone"
    mail["Bcc"] = "hidden@world.example"
    mail.set_content("Plain words.\n")
    mail.add_alternative("<p>Rich <b>words</b></p>", subtype="html")
    mail.add_attachment(b"%PDF-1.4 x\n", maintype="application", subtype="pdf", filename="Angebot €.pdf")
    with server.imap("ben") as client:
        assert client.append("Drafts", "(\\Draft)", "", mail.as_bytes())[0] == "OK"
    page = portal("ben")
    composer = open_drafts(page, "from a phone")
    expect(composer.get_by_text("hidden@world.example")).to_be_visible()
    expect(composer.get_by_text("Angebot €.pdf")).to_be_visible()
    composer.get_by_role("textbox", name="Message text").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Written on. ")
    composer.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Sent.")).to_be_visible()
    got = server.sent_out("from a phone")
    sent = email.message_from_string(got["content"], policy=email.policy.default)
    rich = sent.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Written on." in rich and "<b>words</b>" in rich, rich
    assert "bcc" not in sent and [one.get_filename() for one in sent.iter_attachments()] == ["Angebot €.pdf"]  # type: ignore[attr-defined]
    assert drafts(server) == [] and server.arrived("ben", "from a phone", "Sent")


def test_sending_can_be_undone_for_ten_seconds(portal: Portal, server: Office) -> None:
    page = portal("ben")
    composer = write(page, "too early", "Not yet.", "friend@world.example")
    composer.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(composer).to_have_count(0)
    page.keyboard.press("z")
    composer = page.get_by_role("dialog", name="too early")
    expect(composer.get_by_role("textbox", name="Message text")).to_contain_text("Not yet.")
    page.get_by_role("textbox", name="Message text").click()
    page.keyboard.type("Now. ")
    composer.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    # Whoever closes the page meanwhile loses nothing.
    page.close()
    assert "Now." in server.sent_out("too early")["content"]
    assert len([one for one in server.folder_of("ben", "Sent") if b"Subject: too early" in one]) == 1


def test_a_refused_recipient_is_said_in_plain_words(portal: Portal, server: Office) -> None:
    page = portal("ben")
    composer = write(page, "to nobody", "Hello.", f"nosuch@{DOMAIN}")
    composer.get_by_role("button", name="Send", exact=True).click()
    alert = composer.get_by_role("alert")
    expect(alert).to_have_text(f"There is no mailbox nosuch@{DOMAIN}. Correct or remove the address.")
    composer.get_by_role("button", name=f"Remove nosuch@{DOMAIN}").click()
    expect(alert).to_have_count(0)


@pytest.mark.parametrize(("button", "folder"), [("Delete", "Trash"), ("Archive", "Archive"), ("Move to Junk", "Junk")])
def test_taking_a_message_away_can_be_undone(portal: Portal, server: Office, button: str, folder: str) -> None:
    first, second = f"away {folder} first", f"away {folder} second"
    server.deliver(first)
    server.arrived("ben", first)
    server.deliver(second)
    page = portal("ben")
    page.get_by_role("option", name=re.compile(second)).first.click()
    reader = page.get_by_role("main", name="Message")
    expect(reader.get_by_role("heading", name=second)).to_be_visible()
    reader.get_by_role("button", name=button, exact=True).click()
    # The next one opens; the toast lies over no tool bar.
    expect(reader.get_by_role("heading", name=first)).to_be_visible()
    undo = page.get_by_role("button", name="Undo")
    bar = reader.get_by_role("toolbar").bounding_box()
    place = page.locator(".toast").bounding_box()
    assert bar and place and place["y"] > bar["y"] + bar["height"] and page.locator(".toast").count() == 1
    assert server.arrived("ben", second, folder)
    if button == "Delete":
        page.keyboard.press("Control+z")
    else:
        undo.click()
    expect(page.get_by_role("option", name=re.compile(second)).first).to_be_visible()
    assert server.arrived("ben", second)
    assert not [one for one in server.folder_of("ben", folder) if f"Subject: {second}".encode() in one]


def test_a_discarded_draft_comes_back(portal: Portal, server: Office) -> None:
    page = portal("ben")
    composer = write(page, "thrown away", "But good.")
    composer.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Draft discarded.")).to_be_visible()
    assert drafts(server) == []
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("dialog", name="thrown away").get_by_role("textbox", name="Message text")).to_contain_text(
        "But good."
    )
    assert len(drafts(server)) == 1


def test_a_message_that_a_restart_has_stopped_is_told_and_is_a_draft(portal: Portal, server: Office) -> None:
    page = portal("ben")
    composer = write(page, "stopped on its way", "Hello.", "friend@world.example")
    composer.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.evaluate("window.onbeforeunload = null")
    server.inside("kill", "-KILL", str(server.daemon("serve")["pid"]))
    time.sleep(11)
    page.goto(f"{server.web}/mail/")
    told = page.get_by_role("dialog", name="Not sent: “stopped on its way”")
    expect(told).to_contain_text("The server was restarted before it was sent. It is in Drafts.")
    told.get_by_role("button", name="Open Draft").click()
    expect(page.get_by_role("dialog", name="stopped on its way")).to_be_visible()
