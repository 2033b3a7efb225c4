"""The set-up wizard as it was built, with a made-up API beside it: mistakes, leaving and coming back, lost connections.

The same wizard on a real machine: test_setup_flow.py (rows SW02-SW12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

import front_end
import looking
from wizard import at, press, to_names, to_summary, wizard

Show = Callable[..., Page]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a server for what was built."""
    with front_end.made_up() as address:
        yield address


@pytest.fixture
def show(site: str, browser: Browser) -> Iterator[Show]:
    """show(theme="dark"): the window of a server that is not set up. A script error fails the test."""
    context = browser.new_context(viewport={"width": 1024, "height": 640}, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    troubles: list[str] = []

    def opened(theme: str = "light", language: str = "enu", **facts: Any) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        server_says(page, site, finished=False, revision=1, **facts)
        page.goto(f"{site}/w/?lang={language}&theme={theme}#license")
        return page

    yield opened
    context.close()
    assert troubles == []


def server_says(page: Page, site: str, **facts: Any) -> None:
    """Change the made-up server's set-up."""
    assert page.request.post(f"{site}/w/api/mock/setup", data=facts).ok


def test_from_the_start_to_a_mail_that_arrived_with_mistakes_on_the_way(show: Show) -> None:
    page = show()
    for later in ("Migrate an older mail server", "Import from Microsoft Exchange"):
        expect(page.get_by_role("radio", name=later)).to_be_disabled()
    expect(page.get_by_text("mailboxes of a mail server package")).to_be_visible()
    press(page, "Next")
    page.get_by_label("Account type", exact=True).click()
    page.get_by_role("option", name="LDAP users (Available later)").click()
    expect(page.get_by_text("Users of an LDAP directory will be usable in a later version.")).to_be_visible()
    press(page, "Next")
    expect(page.get_by_label("Account type", exact=True)).to_be_focused()
    page.get_by_role("combobox", name="Account type").click()
    page.get_by_role("option", name="Local users").click()
    page.get_by_label("Network interface", exact=True).click()
    page.get_by_role("option", name="LAN 1 (192.168.1.102)").click()
    expect(page.locator("[data-field=interface]")).to_contain_text("Give it a static address in DSM.")
    press(page, "Next")
    at(page, "Domain")

    domain, hostname = (page.get_by_label(name, exact=True) for name in ("Domain name", "Hostname (FQDN)"))
    expect(domain).to_be_focused()
    expect(page.get_by_text("Enter a name.")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("[data-field=domain]")).to_contain_text("Enter a name. Write it like example.com.")
    expect(domain).to_have_attribute("aria-invalid", "true")
    domain.fill("not a name")
    expect(page.locator("[data-field=domain]")).to_contain_text("not a name is not a full name.")
    press(page, "Next")
    at(page, "Domain")
    domain.fill("office.example")
    expect(hostname).to_have_value("mail.office.example")
    expect(page.locator("[data-field=hostname]")).to_contain_text("mail.office.example has no A record.")
    hostname.fill("post.office.example")
    domain.fill("example.com")
    expect(hostname).to_have_value("post.office.example")
    expect(page.locator("[data-field=domain]")).to_contain_text("Its MX record leads to this server.")
    hostname.fill("")
    domain.fill("office.example")
    expect(hostname).to_have_value("mail.office.example")
    press(page, "Back")
    at(page, "Server")
    expect(page.get_by_label("Network interface", exact=True)).to_contain_text("LAN 1")
    press(page, "Next")
    expect(domain).to_have_value("office.example")
    page.keyboard.press("Enter")
    at(page, "DNS records")

    page.get_by_role("button", name="Copy the value of the MX record").click()
    assert page.evaluate("navigator.clipboard.readText()") == "mail.office.example"
    page.get_by_role("button", name="Check All Records").click()
    expect(page.get_by_text("1 of 3 required records are right.")).to_be_visible()
    expect(page.get_by_role("row", name="MX Required").get_by_text("It says old-server.example.net.")).to_be_visible()
    expect(page.get_by_text("Send through another server")).to_be_visible()
    page.get_by_text("Who sets the PTR record (reverse DNS)?").click()
    expect(page.get_by_text("Only the owner of the address: your internet provider.")).to_be_visible()

    page.reload()
    at(page, "DNS records")
    expect(page.get_by_role("row", name="A Required mail.office.example")).to_be_visible()
    press(page, "Next")
    expect(page.get_by_role("row", name="Network interface LAN 1 (192.168.1.102)")).to_be_visible()
    expect(page.get_by_text("You can apply, but mail may suffer:")).to_be_visible()
    page.get_by_role("button", name="Change Domain name").click()
    expect(domain).to_have_value("office.example")
    press(page, "Next")
    press(page, "Next")
    press(page, "Apply")
    expect(page.get_by_role("progressbar", name="Setting up the mail server")).to_be_visible()
    expect(page.get_by_text("mail.office.example now receives mail for office.example.")).to_be_visible()

    press(page, "Send Test Mail")
    expect(page.get_by_text("Arrived after")).to_be_visible()
    press(page, "See how it was handled")
    story = page.get_by_role("dialog", name="What happened")
    expect(story.get_by_text("Delivered to the mailbox of").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(wizard(page).get_by_role("link", name="Open Mail")).to_have_attribute("href", "/m/")
    page.reload()
    expect(page.get_by_text("The mail server is set up")).to_be_visible()
    press(page, "Give Users Their Mailboxes")
    expect(page.get_by_role("heading", name="Account", level=1)).to_be_attached()
    expect(page.get_by_text("The mail server is not set up yet")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("grid")).to_be_visible()
    expect(wizard(page)).to_have_count(0)


def test_leaving_asks_and_the_answers_are_kept_or_forgotten(show: Show) -> None:
    page = show()
    to_names(page, "office.example")
    page.keyboard.press("Escape")
    asked = page.get_by_role("dialog", name="Leave the set-up?")
    asked.get_by_role("button", name="Continue Set-up").click()
    at(page, "Domain")
    press(page, "Cancel")
    asked.get_by_role("button", name="Keep and Close").click()
    expect(wizard(page)).to_have_count(0)
    page.get_by_role("navigation").get_by_role("button", name="License").click()
    expect(page.get_by_text("No mail is received until the set-up is done.")).to_be_visible()
    page.get_by_role("button", name="Continue Set-up").click()
    at(page, "Domain")
    expect(page.get_by_label("Domain name", exact=True)).to_have_value("office.example")
    press(page, "Cancel")
    asked.get_by_role("button", name="Discard Answers").click()
    page.get_by_role("button", name="Set Up Now").click()
    at(page, "Start")
    to_names(page)
    expect(page.get_by_label("Domain name", exact=True)).to_have_value("")


def test_a_late_answer_never_overwrites_a_newer_one(show: Show) -> None:
    page = show()
    to_names(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "slow.example" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/setup/check", hold)
    domain = page.get_by_label("Domain name", exact=True)
    with page.expect_request("**/api/setup/check"):
        domain.fill("slow.example")
    domain.fill("example.com")
    expect(page.locator("[data-field=domain]")).to_contain_text("Its MX record leads to this server.")
    late = "This answer comes late."
    remark = {"level": "problem", "code": "late", "text": late, "next": "", "values": {}}
    with page.expect_response("**/api/setup/check"):
        held[0].fulfill(json={"fields": {"domain": [remark]}})
    expect(page.locator("[data-field=domain]")).to_contain_text("Its MX record leads to this server.")
    expect(page.get_by_text(late)).to_have_count(0)


def test_a_server_that_cannot_be_reached_is_told_and_stops_next(show: Show) -> None:
    page = show()
    to_names(page)
    page.route("**/api/setup/*", lambda route: route.abort())
    page.get_by_label("Domain name", exact=True).fill("office.example")
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    press(page, "Next")
    at(page, "Domain")
    page.unroute("**/api/setup/*")
    press(page, "Try Again")
    expect(page.get_by_text("The server cannot be reached.")).to_have_count(0)
    expect(page.locator("[data-field=domain]")).to_contain_text("office.example has no MX record.")


def test_a_failure_says_where_and_leads_back_with_all_answers(show: Show, site: str) -> None:
    page = show(fails="services")
    to_summary(page)
    press(page, "Apply")
    expect(page.get_by_text("Failed at: Start the mail services")).to_be_visible()
    expect(page.get_by_text("Postfix refused its configuration. Correct the host name.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Put the settings in force")).to_contain_text("Done")
    press(page, "Back")
    at(page, "Domain")
    expect(page.get_by_label("Domain name", exact=True)).to_have_value("office.example")
    page.get_by_label("Hostname (FQDN)", exact=True).fill("post.office.example")
    server_says(page, site, finished=False, fails="")
    press(page, "Next")
    press(page, "Next")
    press(page, "Apply")
    expect(page.get_by_text("post.office.example now receives mail for office.example.")).to_be_visible()


def test_a_lost_connection_in_the_middle_is_told_and_goes_on_by_itself(show: Show) -> None:
    page = show()
    to_summary(page)
    page.route("**/api/setup", lambda route: route.abort())
    press(page, "Apply")
    expect(page.get_by_text("The connection to the server was lost.")).to_be_visible()
    page.unroute("**/api/setup")
    expect(page.get_by_text("The mail server is set up")).to_be_visible()


def test_an_apply_that_never_arrived_is_told(show: Show) -> None:
    page = show()
    to_summary(page)
    page.route("**/api/setup/apply", lambda route: route.abort())
    press(page, "Apply")
    expect(page.get_by_text("Apply did not reach the server.")).to_be_visible()
    at(page, "Summary")
    page.unroute("**/api/setup/apply")
    press(page, "Apply")
    expect(page.get_by_text("The mail server is set up")).to_be_visible()


def test_another_admin_who_was_faster_is_told_and_one_decides(show: Show, site: str) -> None:
    page = show()
    to_summary(page, "mine.example")
    server_says(page, site, finished=False, revision=2)
    press(page, "Apply")
    expect(page.get_by_text("berta changed Domain name to theirs.example")).to_be_visible()
    press(page, "Take Theirs")
    expect(page.get_by_role("row", name="Domain name theirs.example")).to_be_visible()
    press(page, "Apply")
    expect(page.get_by_text("The mail server is set up")).to_be_visible()


def test_the_wizard_of_a_second_admin_shows_what_the_first_has_started(show: Show) -> None:
    first = show()
    to_summary(first)
    second = first.context.new_page()
    second.goto(first.url)
    at(second, "Summary")
    press(first, "Apply")
    expect(second.get_by_text("Another administrator has started the set-up.")).to_be_visible()
    expect(second.get_by_text("The mail server is set up")).to_be_visible()


@pytest.mark.parametrize(("theme", "language"), [("light", "enu"), ("dark", "ger")])
def test_no_step_has_a_serious_barrier_or_cut_text(show: Show, theme: str, language: str) -> None:
    page = show(theme, language)
    dialog = page.get_by_role("dialog")
    for step in range(6):
        expect(dialog.locator("[aria-current=step]")).to_contain_text(str(step + 1))
        if step == 2:
            page.locator("[data-field=domain] input").fill("office.example")
            expect(page.locator("[data-field=hostname] .remarks")).to_contain_text("has no A record.")
        if step == 3:
            page.locator(".dns-check button").click()
            expect(page.locator("[data-record=MX]")).to_contain_text("old-server.example.net")
        if step == 5:
            expect(page.locator(".test-mail")).to_be_visible()
        assert looking.barriers(page) == [], f"step {step + 1}"
        assert looking.complaints(page) == [], f"step {step + 1}"
        dialog.locator("button[type=submit]").press("Enter")
