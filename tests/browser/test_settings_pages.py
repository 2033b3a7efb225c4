"""Settings in the window: found by search, kept through a lost connection, all of them put back."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import FrameLocator, Page, Route, expect

from office import Office, until

Window = Callable[..., FrameLocator]
GENERAL = "mail_delivery.general"


def search(inside: FrameLocator, text: str) -> None:
    inside.get_by_role("combobox", name="Find a setting or page").fill(text)


def test_a_setting_is_found_by_its_words_and_by_the_daemons_parameter(window: Window, page: Page) -> None:
    inside = window()
    search(inside, "message_size_limit")
    found = inside.get_by_role("option", name="Maximum size per email")
    expect(found).to_contain_text(re.compile("Mail Delivery . General . Limits"))
    page.keyboard.press("Enter")
    expect(inside.get_by_label("Maximum size per email", exact=True)).to_be_focused()
    page.keyboard.press("Control+k")
    search(inside, "greets others")
    inside.get_by_role("option", name="Hostname (FQDN)").click()
    expect(inside.get_by_label("Hostname (FQDN)", exact=True)).to_be_focused()
    search(inside, "change history")
    page.keyboard.press("Enter")
    expect(inside.get_by_role("tab", name="Change History")).to_have_attribute("aria-selected", "true")
    search(inside, "no such thing anywhere")
    expect(inside.get_by_text("Nothing is called")).to_be_visible()


def test_a_link_leads_to_a_field_and_a_field_without_effect_says_why(window: Window) -> None:
    inside = window()
    inside.get_by_role("main").evaluate("() => { location.hash = '#mail_delivery/general/lan_networks' }")
    row = inside.locator('[data-field="lan_networks"]')
    expect(row).to_contain_text("Skip authentication for local network connections")
    expect(row).to_be_in_viewport()
    row.get_by_role("button", name="Show it").click()
    expect(inside.get_by_label("Skip authentication for local network connections", exact=True)).to_be_focused()


def test_an_apply_whose_answer_is_lost_is_looked_after(window: Window, page: Page, server: Office) -> None:
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Mail Delivery").click()
    hops = inside.get_by_label("Max message hops", exact=True)

    def answer_is_lost(route: Route) -> None:
        route.fetch()
        route.abort()

    try:
        hops.fill("61")
        page.route("**/api/settings/apply*", lambda route: route.abort(), times=1)
        inside.get_by_role("button", name="Apply").click()
        expect(inside.get_by_text("The connection was lost before anything was applied.")).to_be_visible()
        expect(hops).to_have_value("61")
        assert server.ctl("settings", "get", f"{GENERAL}.max_hops") == 50
        page.route("**/api/settings/apply*", answer_is_lost, times=1)
        inside.get_by_role("button", name="Apply").click()
        expect(inside.get_by_text("The settings had been applied before the connection was lost.")).to_be_visible()
        expect(hops).to_have_value("61")
        expect(inside.get_by_role("button", name="Apply")).to_be_disabled()
        assert server.ctl("settings", "get", f"{GENERAL}.max_hops") == 61
    finally:
        server.apply(GENERAL, max_hops=50)


def test_all_settings_are_compared_and_put_back(window: Window, server: Office) -> None:
    server.apply(GENERAL, max_hops=62)
    server.apply("service.protocol", pop3_enabled=True)
    try:
        inside = window()
        search(inside, "change history")
        inside.get_by_role("option", name="Change History").click()
        rows = inside.get_by_role("row")
        expect(rows.nth(1)).to_contain_text("Enable POP3")
        rows.nth(1).get_by_role("checkbox").check()
        rows.nth(3).get_by_role("checkbox").check()
        inside.get_by_role("button", name="Compare").click()
        expect(inside.get_by_role("row", name="Max message hops 50 62")).to_be_visible()
        expect(inside.get_by_role("row", name="Enable POP3 Off On")).to_be_visible()
        inside.get_by_role("button", name="Back to the List").click()
        expect(rows.nth(1)).to_contain_text("Enable POP3 switched on")
        expect(rows.nth(2)).to_contain_text("Max message hops from 50 to 62")
        rows.nth(2).get_by_role("button", name="Undo This Change").click()
        expect(inside.get_by_role("row", name="Max message hops 62 50")).to_be_visible()
        expect(inside.get_by_role("row", name="Enable POP3")).to_have_count(0)
        inside.get_by_role("button", name="Undo This Change").click()
        expect(rows.nth(1)).to_contain_text("Max message hops from 62 to 50")
        assert server.ctl("settings", "get", "service.protocol.pop3_enabled") is True
        server.apply(GENERAL, max_hops=62)
        expect(rows.nth(1)).to_contain_text("Max message hops from 50 to 62")
        rows.nth(5).get_by_role("button", name="Return to This State").click()
        expect(inside.get_by_role("row", name="Enable POP3 On Off")).to_be_visible()
        inside.get_by_role("button", name="Return to This State", exact=True).click()
        expect(rows.nth(1)).to_contain_text("In force")
        until(lambda: server.ctl("settings", "get", f"{GENERAL}.max_hops") == 50, 30, "hops are put back")
        assert server.ctl("settings", "get", "service.protocol.pop3_enabled") is False
    finally:
        server.apply(GENERAL, max_hops=50)
        server.apply("service.protocol", pop3_enabled=False)


def test_of_a_page_its_own_newest_revision_is_in_force(window: Window, server: Office) -> None:
    server.apply(GENERAL, max_hops=63)
    server.apply("service.protocol", pop3_enabled=True)
    try:
        inside = window()
        inside.get_by_role("main").evaluate("() => { location.hash = '#mail_delivery/general' }")
        inside.get_by_role("button", name="History", exact=True).click()
        rows = inside.get_by_role("dialog").get_by_role("row")
        expect(rows.nth(1)).to_contain_text("Max message hops")
        expect(rows.nth(1)).to_contain_text("In force")
        expect(rows.nth(1).get_by_role("button", name="Return to This State")).to_have_count(0)
        expect(rows.nth(2).get_by_role("button", name="Return to This State")).to_be_visible()
    finally:
        server.apply(GENERAL, max_hops=50)
        server.apply("service.protocol", pop3_enabled=False)
