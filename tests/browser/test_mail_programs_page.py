"""How people learn to set up their mail program: in the window and the portal, with this server's values (row CL07)."""

from __future__ import annotations

import plistlib
from collections.abc import Callable

from playwright.sync_api import FrameLocator, Locator, Page, expect

from changing import changed
from office import DOMAIN, HOSTNAME, Office

Window = Callable[..., FrameLocator]


def shows(place: FrameLocator | Locator, protocol: str, port: int) -> None:
    """A row of the table of servers."""
    row = place.locator(f"tr[data-protocol={protocol}]")
    expect(row).to_contain_text(HOSTNAME)
    expect(row.get_by_text(str(port), exact=True)).to_be_visible()


def test_administrators_see_ports_steps_and_what_programs_find(window: Window, server: Office) -> None:
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Service").click()
    inside.get_by_role("tab", name="Mail Programs").click()
    for protocol, port in (("imaps", 993), ("imap", 143), ("smtps", 465), ("submission", 587)):
        shows(inside, protocol, port)
    expect(inside.locator("tr[data-protocol=imaps]")).to_contain_text("Recommended")
    inside.get_by_role("tab", name="Thunderbird").click()
    expect(inside.get_by_text(f"Incoming: IMAP, {HOSTNAME}, port 993, SSL/TLS")).to_be_visible()
    inside.get_by_text("Does it work at home, but not elsewhere?").click()
    expect(inside.get_by_text("993, 143, 465, 587")).to_be_visible()
    found = inside.get_by_role("row", name=f"https://autoconfig.{DOMAIN}/mail/config-v1.1.xml")
    expect(found).to_contain_text("Served")
    # What is changed by somebody is shown without loading the page again.
    expect(inside.locator("tr[data-protocol=managesieve]")).to_have_count(0)
    with changed(server, "service.protocol", imaps_enabled=False, smtps_port=2465, managesieve_enabled=True):
        shows(inside, "smtps", 2465)
        shows(inside, "managesieve", 4190)
        expect(inside.locator("tr[data-protocol=managesieve]")).to_contain_text("Mail rules (ManageSieve)")
        expect(inside.locator("tr[data-protocol=imaps]")).to_have_count(0)
        expect(inside.get_by_text(f"Incoming: IMAP, {HOSTNAME}, port 143, STARTTLS")).to_be_visible()
    shows(inside, "imaps", 993)


def test_everybody_sees_their_own_address_at_personal(window: Window) -> None:
    inside = window("ben")
    expect(inside.get_by_text(f"ben@{DOMAIN}", exact=True)).to_be_visible()
    shows(inside, "imaps", 993)
    inside.get_by_role("tab", name="Android").click()
    expect(inside.get_by_text(f"Enter ben@{DOMAIN} and choose Personal (IMAP).")).to_be_visible()
    # What only an administrator can look after is not shown.
    expect(inside.get_by_text("Is the time of the NAS right?")).to_have_count(0)
    expect(inside.get_by_text("Programs find the settings by themselves")).to_have_count(0)


def test_an_administrator_without_a_mailbox_takes_one(window: Window, server: Office) -> None:
    server.ctl("accounts", "deactivate", "admin")
    try:
        inside = window()
        inside.get_by_role("navigation").get_by_role("button", name="Personal").click()
        expect(inside.get_by_text("You have no mailbox yet")).to_be_visible()
        expect(inside.get_by_role("link", name="Open your mail")).to_have_count(0)
        inside.get_by_role("button", name="Give Me a Mailbox").click()
        expect(inside.get_by_role("link", name="Open your mail")).to_be_visible()
        expect(inside.get_by_text("You have no mailbox yet")).to_have_count(0)
        # What cannot be done with licenses here is said, and users are a step away.
        inside.get_by_role("navigation").get_by_role("button", name="License").click()
        expect(inside.get_by_text("Adding licenses: Not in this version.")).to_be_visible()
        inside.get_by_role("button", name="Users", exact=True).click()
        expect(inside.get_by_role("row", name="chloe")).to_be_visible()
    finally:
        server.ctl("accounts", "reset", "admin")


def test_the_portal_explains_it_and_has_the_profile(portal: Callable[..., Page], server: Office) -> None:
    page = portal("ben")
    page.get_by_role("button", name="Account: Ben").click()
    page.get_by_role("menuitem", name="Mail Programs").click()
    told = page.get_by_role("dialog", name="Mail Programs")
    expect(told.get_by_text(f"ben@{DOMAIN}", exact=True)).to_be_visible()
    shows(told, "imaps", 993)
    shows(told, "smtps", 465)
    told.get_by_role("tab", name="iPhone and iPad").click()
    link = told.get_by_role("link", name="Download Profile").get_attribute("href") or ""
    # The server's own name leads to the NAS outside of here; the rest is as it is.
    assert link.startswith(f"https://{HOSTNAME}/mail/")
    answer = page.request.get(link.replace(f"https://{HOSTNAME}", server.web))
    assert plistlib.loads(answer.body())["PayloadContent"][0]["EmailAddress"] == f"ben@{DOMAIN}"
    page.keyboard.press("Escape")
    expect(told).to_have_count(0)
