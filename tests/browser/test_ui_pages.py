"""The front end as it was built, in a real browser, with a made-up API beside it: what each page does by itself.

The policy is the web process's own; whether both sides fit together is tested with the real server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from looking import barriers

Show = Callable[..., Page]


def tell(page: Page, path: str, facts: dict[str, Any]) -> None:
    """Change the made-up server."""
    place = page.url.split("?")[0]
    assert page.request.post(f"{place}api/{path}", data=facts).ok


def test_stale_writer_sees_the_other_and_decides(show: Show) -> None:
    page = show("w/", "mail_delivery/general")
    page.get_by_label("Max message hops", exact=True).fill("40")
    page.get_by_label("Max recipients per message", exact=True).fill("77")
    tell(page, "mock/others", {"page": "mail_delivery.general", "changes": {"max_hops": 41, "banner": "Hello"}})
    page.get_by_role("button", name="Apply", exact=True).click()
    dialog = page.get_by_role("dialog", name="Somebody else was faster")
    expect(dialog.get_by_role("row", name="SMTP banner")).to_contain_text("Hello")
    dialog.get_by_role("row", name="Max message hops").get_by_label("41").check()
    dialog.get_by_role("button", name="Apply Mine (1)").click()
    expect(page.get_by_label("Max message hops", exact=True)).to_have_value("41")
    expect(page.get_by_label("Max recipients per message", exact=True)).to_have_value("77")
    expect(page.get_by_label("SMTP banner", exact=True)).to_have_value("Hello")


def test_refused_value_is_told_beside_its_field(show: Show) -> None:
    page = show("w/", "mail_delivery/general")
    banner = page.get_by_label("SMTP banner", exact=True)
    banner.fill("fail")
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator("[data-field=banner]")).to_contain_text("Postfix refused its configuration.")
    expect(banner).to_have_attribute("aria-invalid", "true")
    banner.fill("better")
    expect(banner).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Apply", exact=True)).to_be_enabled()


def test_leaving_with_unsaved_changes_asks(show: Show) -> None:
    page = show("w/", "service/protocol")
    page.get_by_label("SMTP port", exact=True).fill("2525")
    page.get_by_role("button", name="Queue").click()
    page.get_by_role("button", name="Stay").click()
    expect(page.get_by_label("SMTP port", exact=True)).to_have_value("2525")
    assert page.evaluate("window.mailroomUnsaved()")
    page.get_by_role("button", name="Queue").click()
    page.get_by_role("button", name="Discard Changes").click()
    expect(page.get_by_role("grid", name="Queue")).to_be_visible()


def test_activation_shows_the_command_and_goes_on_by_itself(show: Show) -> None:
    page = show("w/", "license")
    tell(page, "mock/state", {"activation": True})
    page.reload()
    expect(page.get_by_text("sudo sh /var/packages/Mailroom/target/activate")).to_be_visible()
    tell(page, "mock/state", {"activation": False})
    expect(page.get_by_text("Mail services wait for activation")).to_be_hidden(timeout=15_000)
    expect(page.get_by_text("DEFAULT FREE LICENSE")).to_be_visible()


def test_user_sees_only_personal(show: Show) -> None:
    page = show("w/")
    tell(page, "mock/state", {"admin": False})
    page.reload()
    expect(page.get_by_role("navigation").get_by_role("button")).to_have_text(["Personal"])
    tell(page, "mock/state", {"admin": True})


def test_ten_thousand_users_by_keyboard(show: Show) -> None:
    page = show("w/", "account/user")
    expect(page.get_by_text("10,000 items")).to_be_visible()
    assert page.get_by_role("row").count() < 80
    page.get_by_role("gridcell", name="user-0001", exact=True).click()
    page.keyboard.press("Shift+End")
    expect(page.get_by_text("9,999 selected")).to_be_visible()
    page.get_by_role("searchbox").fill("user-0042")
    expect(page.get_by_text("1 item", exact=True)).to_be_visible()
    page.get_by_role("gridcell", name="user-0042", exact=True).click()
    page.get_by_role("button", name="Deactivate", exact=True).click()
    dialog = page.get_by_role("dialog", name="What this changes")
    expect(dialog).to_contain_text("Accounts in use: 5 → 5 of 5")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("1 account changed.")).to_be_visible()


@pytest.mark.parametrize(
    ("password", "told"),
    [("wrong", "is wrong"), ("blocked", "Wait 4"), ("down", "cannot be checked"), ("waiting", "not been activated")],
)
def test_sign_in_says_what_is_wrong(show: Show, password: str, told: str) -> None:
    page = show("m/")
    tell(page, "mock/out", {})
    page.reload()
    page.get_by_label("User name").fill("lin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign In").click()
    expect(page.get_by_role("alert")).to_contain_text(told)
    assert barriers(page) == []
    page.get_by_label("Password").fill("right")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def opened_mail(page: Page) -> None:
    page.get_by_role("option").nth(1).click()
    page.frame_locator("iframe").get_by_text("Best regards").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_portal_has_no_serious_barrier(show: Show, theme: str) -> None:
    page = show("m/", theme=theme)
    opened_mail(page)
    assert barriers(page) == []
    page.keyboard.press("r")
    page.locator(".writing blockquote").wait_for()
    assert barriers(page) == []


def test_quoted_mail_can_run_nothing(show: Show) -> None:
    page = show("m/")
    opened_mail(page)
    page.keyboard.press("r")
    quote = page.locator(".writing blockquote")
    expect(quote).to_contain_text("The exchange rate in row 14")
    assert quote.locator("script, img, style, [onerror]").count() == 0
    assert page.evaluate("window.broken") is None


def test_keys_are_text_while_one_writes(show: Show) -> None:
    page = show("m/")
    opened_mail(page)
    subject = page.get_by_role("main").get_by_role("heading").inner_text()
    page.keyboard.press("r")
    page.keyboard.type("jsuk#")
    page.locator(".writing blockquote").wait_for()
    assert page.get_by_role("main").get_by_role("heading").inner_text() == subject
    expect(page.get_by_role("button", name="Flag", exact=True)).to_be_visible()


def test_message_that_is_sent_again_keeps_its_number(show: Show) -> None:
    page = show("m/")
    numbers: list[str] = []
    page.on(
        "request", lambda one: numbers.append(one.post_data_json["message_id"]) if one.url.endswith("/send") else None
    )
    page.get_by_role("button", name="Compose").click()
    page.get_by_label("To", exact=True).fill("lost@example.org")
    page.get_by_label("Subject").fill("Once")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The mail server does not answer.")
    page.get_by_role("button", name="Remove lost@example.org").click()
    page.get_by_label("To", exact=True).fill("found@example.org")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_text("Sent.")).to_be_visible()
    assert len(numbers) == 2 and len(set(numbers)) == 1


def test_closing_a_message_saves_it_and_an_empty_one_says_nothing(show: Show) -> None:
    page = show("m/")
    page.get_by_role("button", name="Compose").click()
    expect(page.get_by_role("combobox", name="To")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".toast")).to_have_count(0)
    page.get_by_role("button", name="Compose").click()
    page.get_by_label("Subject").fill("Half")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("Saved in Drafts.")).to_be_visible()
    expect(page.get_by_role("button", name="Discard")).to_be_visible()


def test_recipients_are_completed_by_the_keyboard_alone(show: Show) -> None:
    page = show("m/")
    page.get_by_role("button", name="Compose").click()
    write = page.get_by_role("dialog")
    expect(write.get_by_role("combobox", name="To")).to_be_focused()
    page.keyboard.type("ann")
    expect(write.get_by_role("option", name="Anna Keller")).to_have_attribute("aria-selected", "true")
    assert barriers(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".tag")).to_have_text(["Annabel Ode <annabel@example.com>"])
    # Tab takes the best one, also when it comes at once.
    page.keyboard.type("anna")
    page.keyboard.press("Tab")
    expect(page.locator(".tag")).to_have_count(2)
    expect(page.locator(".tag").last).to_have_text("Anna Keller <anna.keller@example.org>")
    # Esc closes the list and nothing else; what is no address is said to be none.
    page.keyboard.type("ann")
    expect(write.get_by_role("option")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(write.get_by_role("option")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("“ann” is not a mail address.")
    page.keyboard.press("Backspace")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_many_recipients_leave_room_to_write(show: Show) -> None:
    page = show("m/")
    page.get_by_role("button", name="Compose").click()
    page.get_by_role("combobox", name="To").fill(", ".join(f"person{n}@example.org" for n in range(33)))
    page.keyboard.press("Enter")
    expect(page.locator(".tag")).to_have_count(33)
    page.get_by_label("Subject").click()
    expect(page.locator(".tag")).to_have_count(10)
    page.get_by_role("button", name="and 23 more").click()
    expect(page.locator(".tag")).to_have_count(33)


def test_an_error_goes_with_its_cause(show: Show) -> None:
    page = show("m/")
    page.get_by_role("button", name="Compose").click()
    page.get_by_label("Subject").fill("To nobody")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Say to whom the message goes.")
    page.get_by_role("combobox", name="To").fill("ben@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_new_mail_appears_by_itself(show: Show) -> None:
    page = show("m/")
    first = page.get_by_role("option").first
    before = first.inner_text()
    with page.expect_response(lambda one: "/messages?" in one.url):
        tell(page, "mock/new", {})
    expect(first).not_to_have_text(before)


def test_ended_session_keeps_what_was_written(show: Show) -> None:
    page = show("m/")
    page.get_by_role("button", name="Compose").click()
    page.get_by_label("To", exact=True).fill("ben@example.org")
    page.get_by_label("Subject").fill("Precious")
    tell(page, "mock/out", {})
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("what you were writing is still there")).to_be_visible()
    page.get_by_label("Password").fill("right")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Subject")).to_have_value("Precious")


def test_phone_shows_one_thing_at_a_time(show: Show) -> None:
    page = show("m/", width=390, height=844)
    expect(page.get_by_role("main")).to_be_hidden()
    opened_mail(page)
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_role("listbox")).to_be_visible()
