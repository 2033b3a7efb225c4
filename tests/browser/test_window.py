"""The admin window on the DSM desktop, used as people use it (rows SL01, AC06, AC07, AC12, LI02, AV02; settings)."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import FrameLocator, Page, expect

from office import Office, until

Window = Callable[..., FrameLocator]
MENU = (
    "Server Management",
    "Threat Monitor",
    "Mail Delivery",
    "Service",
    "Security",
    "Queue",
    "Auditing",
    "License",
    "Account",
    "Personal",
)


def go(inside: FrameLocator, name: str) -> None:
    inside.get_by_role("navigation").get_by_role("button", name=name).click()


def test_the_overview_shows_every_service_and_what_to_do(window: Window, server: Office) -> None:
    inside = window()
    expect(inside.get_by_text("Virus definitions have not been downloaded yet")).to_be_visible()
    for title in ("Sign-in", "SMTP", "IMAP/POP3", "SpamAssassin", "Mail filter", "DNS resolver"):
        expect(inside.get_by_role("row", name=title).get_by_text("Running").first).to_be_visible()
    expect(inside.get_by_role("row", name="Antivirus").get_by_text("Limited").first).to_be_visible()
    expect(inside.get_by_text("CPU")).to_be_visible()


def test_each_entry_of_the_menu_leads_somewhere(window: Window) -> None:
    inside = window()
    for name in MENU:
        go(inside, name)
        expect(inside.get_by_role("heading", name=name, level=1)).to_be_attached()
        expect(inside.locator("main")).not_to_be_empty()


def test_a_setting_is_changed_previewed_applied_and_put_back(window: Window, server: Office) -> None:
    inside = window()
    go(inside, "Mail Delivery")
    size = inside.get_by_label("Maximum size per email", exact=True)
    size.fill("0")
    expect(inside.get_by_text("Enter a number from 1 to 2,000.")).to_be_visible()
    expect(inside.get_by_role("button", name="Apply")).to_be_disabled()
    size.fill("36")
    inside.get_by_role("button", name="Preview").click()
    preview = inside.get_by_role("dialog")
    expect(preview.get_by_role("row", name="Maximum size per email 30 MB 36 MB")).to_be_visible()
    preview.get_by_text("postfix/main.cf").click()
    # In the servers' file and in the small one that users' rules send by.
    added = preview.get_by_text(f"+message_size_limit = {36 * 1024 * 1024}")
    expect(added).to_have_count(2)
    expect(added.first).to_be_visible()
    preview.get_by_role("button", name="Close").last.click()
    inside.get_by_role("button", name="Apply").click()
    expect(inside.get_by_text("Applied: 1 change.").first).to_be_visible()
    assert server.ctl("settings", "get", "mail_delivery.general.max_message_mb") == 36
    inside.get_by_role("button", name="History").click()
    history = inside.get_by_role("dialog")
    newest = history.get_by_role("row", name="In force")
    expect(newest).to_contain_text("admin")
    history.get_by_role("button", name="Return to This State").first.click()
    expect(history.get_by_role("row", name="Maximum size per email 36 MB 30 MB")).to_be_visible()
    history.get_by_role("button", name="Return to This State", exact=True).click()
    until(lambda: server.ctl("settings", "get", "mail_delivery.general.max_message_mb") == 30, 30, "it is put back")
    size.fill("37")
    inside.get_by_role("button", name="Apply").click()
    inside.get_by_role("button", name="Undo", exact=True).click()
    expect(inside.get_by_text("The change was undone.")).to_be_visible()
    expect(size).to_have_value("30")
    assert server.ctl("settings", "get", "mail_delivery.general.max_message_mb") == 30


def test_what_another_admin_changed_is_shown_and_decided(window: Window, server: Office) -> None:
    inside = window()
    go(inside, "Mail Delivery")
    hops = inside.get_by_label("Max message hops", exact=True)
    expect(hops).to_have_value("50")
    hops.fill("60")
    server.apply("mail_delivery.general", max_recipients=900)
    try:
        inside.get_by_role("button", name="Apply").click()
        told = inside.get_by_role("dialog")
        expect(told.get_by_text("Max recipients per message")).to_be_visible()
        expect(told.get_by_text("900")).to_be_visible()
        assert server.ctl("settings", "get", "mail_delivery.general.max_hops") == 50
    finally:
        server.apply("mail_delivery.general", max_recipients=1000)


def test_leaving_with_unsaved_changes_asks(window: Window) -> None:
    inside = window()
    go(inside, "Service")
    inside.get_by_label("SMTP port", exact=True).fill("2626")
    go(inside, "License")
    asked = inside.get_by_role("dialog", name="Unsaved changes")
    asked.get_by_role("button", name="Stay").click()
    expect(inside.get_by_label("SMTP port", exact=True)).to_have_value("2626")
    go(inside, "License")
    asked.get_by_role("button", name="Discard Changes").click()
    expect(inside.get_by_text("DEFAULT FREE LICENSE")).to_be_visible()


def test_users_get_and_lose_their_seat_with_a_preview(window: Window, server: Office) -> None:
    inside = window()
    go(inside, "Account")
    expect(inside.get_by_text("3 of 5 accounts in use")).to_be_visible()
    inside.get_by_role("row", name="chloe").click()
    inside.get_by_role("button", name="Deactivate", exact=True).click()
    asked = inside.get_by_role("dialog", name="What this changes")
    expect(asked).to_contain_text("Accounts in use: 3 → 2 of 5")
    expect(asked.get_by_role("row", name="chloe Activated Not activated")).to_be_visible()
    asked.get_by_role("button", name="Apply").click()
    expect(inside.get_by_text("2 of 5 accounts in use")).to_be_visible()
    assert server.ctl("licences")["used"] == 2
    inside.get_by_role("row", name="chloe").click()
    inside.get_by_role("button", name="Activate", exact=True).click()
    asked.get_by_role("button", name="Apply").click()
    expect(inside.get_by_text("3 of 5 accounts in use")).to_be_visible()
    go(inside, "License")
    expect(inside.get_by_role("row", name="DEFAULT FREE LICENSE 5")).to_be_visible()


def test_a_message_is_explained_in_plain_words_as_it_arrives(window: Window, server: Office) -> None:
    inside = window()
    go(inside, "Auditing")
    expect(inside.get_by_role("grid", name="Messages")).to_be_visible()
    server.deliver("look me up", sender="somebody-new@world.example")
    row = inside.get_by_role("row", name="somebody-new@world.example")
    expect(row).to_be_visible()
    row.click()
    inside.get_by_role("button", name="Explain").click()
    expect(inside.get_by_text("Delivered to the mailbox of ben@example.com")).to_be_visible()
    expect(inside.get_by_role("row", name="SpamAssassin")).to_be_hidden()
    inside.get_by_text("Checks (").click()
    expect(inside.get_by_role("row", name="SpamAssassin")).to_be_visible()


def test_others_see_only_personal(window: Window) -> None:
    inside = window("ben")
    expect(inside.get_by_role("navigation").get_by_role("button", name="Personal")).to_be_visible()
    expect(inside.get_by_role("navigation").get_by_role("button")).to_have_count(1)


def test_signing_out_of_dsm_ends_the_window_too(window: Window, page: Page, server: Office) -> None:
    inside = window()
    expect(inside.get_by_text("CPU")).to_be_visible()
    address = page.locator("iframe").get_attribute("src") or ""
    page.get_by_role("button", name="Sign Out").click()
    expect(page.get_by_label("Username")).to_be_visible()
    answer = page.request.get(f"{server.web}/webman/3rdparty/Mailroom/index.cgi/api/overview")
    assert address and answer.status in (401, 403)
