"""The first set-up in a browser, on a machine that was installed without answers (rows SW01-SW12).

One story, as a person does it: with mistakes, leaving and coming back, a lost connection, and a mail that arrives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from office import ANSWERS, DOMAIN, HOSTNAME, Office, office, until
from wizard import at, press, wizard

ADDRESS = "203.0.113.25"


@pytest.fixture(scope="module")
def nas() -> Iterator[Office]:
    """Installed by somebody who leaves DSM's questions empty; the domain is there already, without MX and PTR."""
    with office(32, "7", opened=False) as made:
        made.boot()
        zone = {
            DOMAIN: {"NS": [f"ns1.{DOMAIN}."], "TXT": ["v=spf1 mx ~all"]},
            f"ns1.{DOMAIN}": {"A": [made.address(1)]},
            HOSTNAME: {"A": [ADDRESS]},
            "113.0.203.in-addr.arpa": {"NS": [f"ns1.{DOMAIN}."]},
        }
        (made.machine.folder / "zone.json").write_text(json.dumps(zone))
        made.machine.ask("install", file=str(made.package), wizard=dict.fromkeys(ANSWERS, ""))
        made.activate()
        until(lambda: not made.late(), 120, "all daemons answer")
        yield made


def sign_in(page: Page, nas: Office) -> None:
    page.goto(nas.web)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(nas.passwords["admin"])
    page.get_by_role("button", name="Sign In").click()


def open_window(page: Page) -> FrameLocator:
    """Open Mailroom's window on the desktop; what is in it."""
    page.get_by_label("Desktop").get_by_role("button", name="Mailroom").click()
    return page.get_by_role("dialog", name="Mailroom").frame_locator("iframe")


def test_from_an_empty_server_to_a_mail_that_arrives(page: Page, nas: Office) -> None:
    sign_in(page, nas)
    inside = open_window(page)
    at(inside, "Start")
    press(inside, "Next")
    expect(inside.get_by_label("Volume", exact=True)).to_contain_text("Volume 1")
    press(inside, "Next")
    names_with_mistakes(page, inside)
    leave_and_come_back(inside)
    page.reload()
    inside = open_window(page)
    at(inside, "Domain")
    expect(inside.get_by_label("Hostname (FQDN)", exact=True)).to_have_value(HOSTNAME)
    press(inside, "Next")
    check_records(inside)
    press(inside, "Next")
    expect(inside.get_by_role("row", name=f"Domain name {DOMAIN}")).to_be_visible()
    apply_with_a_lost_connection(page, inside)
    assert nas.ctl("settings", "get", "mail_delivery.general.hostname") == HOSTNAME
    try_it(inside)
    press(inside, "Give Users Their Mailboxes")
    expect(inside.get_by_role("row", name="anna")).to_be_visible()
    page.reload()
    inside = open_window(page)
    expect(inside.get_by_role("heading", name="Account", level=1)).to_be_attached()
    expect(wizard(inside)).to_have_count(0)
    expect(inside.get_by_text("The mail server is not set up yet")).to_have_count(0)


def names_with_mistakes(page: Page, inside: FrameLocator) -> None:
    """An empty domain, one that is none, a host name without an address; then the right ones."""
    domain, hostname = (inside.get_by_label(name, exact=True) for name in ("Domain name", "Hostname (FQDN)"))
    at(inside, "Domain")
    page.keyboard.press("Enter")
    expect(inside.locator("[data-field=domain]")).to_contain_text("The domain name is needed.")
    domain.fill("my mail")
    expect(inside.locator("[data-field=domain]")).to_contain_text("my mail is not a domain name.")
    press(inside, "Next")
    at(inside, "Domain")
    domain.fill(DOMAIN)
    expect(hostname).to_have_value(HOSTNAME)
    expect(inside.locator("[data-field=domain]")).to_contain_text(f"{DOMAIN} has no MX record")
    inside.get_by_label("Public IP address", exact=True).fill(ADDRESS)
    hostname.fill(f"nowhere.{DOMAIN}")
    expect(inside.locator("[data-field=hostname]")).to_contain_text(f"nowhere.{DOMAIN} has no address.")
    hostname.fill(HOSTNAME)
    expect(inside.locator("[data-field=hostname] .ok")).to_be_visible()


def leave_and_come_back(inside: FrameLocator) -> None:
    press(inside, "Back")
    at(inside, "Server")
    press(inside, "Next")
    at(inside, "Domain")
    press(inside, "Cancel")
    inside.get_by_role("dialog", name="Leave the set-up?").get_by_role("button", name="Keep and Close").click()
    expect(inside.get_by_text("No mail is received until the set-up is done.")).to_be_visible()
    inside.get_by_role("button", name="Continue Set-up").click()
    at(inside, "Domain")


def check_records(inside: FrameLocator) -> None:
    at(inside, "DNS records")
    inside.get_by_role("button", name="Check All Records").click()
    expect(inside.get_by_text(f"Asked ns1.{DOMAIN}")).to_be_visible()
    for kind, state in (("A", "Right"), ("MX", "Missing"), ("PTR", "Missing")):
        expect(inside.locator(f"[data-record={kind}]").get_by_text(state, exact=True)).to_be_visible()
    expect(inside.get_by_text(f"Ask your Internet provider to set the reverse DNS of {ADDRESS}")).to_be_visible()


def apply_with_a_lost_connection(page: Page, inside: FrameLocator) -> None:
    with page.expect_response("**/api/setup/apply"):
        press(inside, "Apply")
    page.context.set_offline(True)
    expect(inside.get_by_text("The connection to the server was lost.")).to_be_visible()
    page.context.set_offline(False)
    expect(inside.get_by_text(f"{HOSTNAME} now receives mail for {DOMAIN}.")).to_be_visible(timeout=120_000)


def try_it(inside: FrameLocator) -> None:
    """To the admin's own mailbox, which there is not before one click."""
    press(inside, "Send Test Mail")
    expect(inside.get_by_text("admin has no mailbox yet.")).to_be_visible()
    press(inside, "Give admin a Mailbox")
    expect(inside.get_by_text("Arrived after")).to_be_visible(timeout=120_000)
    press(inside, "See how it was handled")
    story = inside.get_by_role("dialog", name="What happened")
    expect(story.get_by_text("Delivered to the mailbox of").first).to_be_visible()
    story.get_by_role("button", name="Close").first.click()


def test_the_records_are_a_page_of_their_own(page: Page, nas: Office) -> None:
    sign_in(page, nas)
    inside = open_window(page)
    inside.get_by_role("navigation").get_by_role("button", name="Server Management").click()
    inside.get_by_role("tab", name="DNS Records").click()
    expect(inside.locator("[data-record=MX]").get_by_text(HOSTNAME, exact=True)).to_be_visible()
    inside.get_by_role("button", name="Check All Records").click()
    expect(inside.locator("[data-record=MX]").get_by_text("Missing", exact=True)).to_be_visible()
