"""Mail Delivery > Delivery in the window: a relay for a sender domain, tried, applied; its password is never shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FrameLocator, expect

from office import Office, until

Window = Callable[..., FrameLocator]
PAGE = "mail_delivery.delivery"


@pytest.fixture
def delivery(window: Window, server: Office) -> Iterator[FrameLocator]:
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Mail Delivery").click()
    inside.get_by_role("tab", name="Delivery", exact=True).click()
    yield inside
    server.apply(PAGE, sender_relays=[])


def test_a_relay_for_a_sender_domain(delivery: FrameLocator, server: Office) -> None:
    """X06-05."""
    inside = delivery
    inside.get_by_role("button", name="Create", exact=True).click()
    dialog = inside.get_by_role("dialog")
    dialog.get_by_label("Sender domain", exact=True).fill("second.example")
    dialog.get_by_label("Server", exact=True).fill("nobody.relay-house.example")
    dialog.get_by_label("Account", exact=True).fill("office")
    dialog.get_by_label("Password", exact=True).fill("Open, Sesame")
    dialog.get_by_role("button", name="OK", exact=True).click()
    expect(inside.get_by_role("row", name="second.example")).to_contain_text("nobody.relay-house.example")

    expect(inside.get_by_label("Relay to test")).to_have_text("second.example")
    inside.get_by_role("button", name="Test Connection").click()
    expect(inside.get_by_text("The relay server cannot be used like this.")).to_be_visible()

    inside.get_by_role("button", name="Preview").click()
    preview = inside.get_by_role("dialog", name="What Apply would change")
    expect(preview.get_by_text("postfix/main.cf")).to_be_visible()
    expect(preview.get_by_text("Sesame")).to_have_count(0)
    preview.get_by_role("button", name="Apply", exact=True).click()
    doubt = inside.get_by_role("dialog", name="The test of the relay failed")
    expect(doubt.get_by_text("The name of the server was not found.")).to_be_visible()
    assert server.ctl("settings", "get", f"{PAGE}.sender_relays") == []
    doubt.get_by_role("button", name="Apply Anyway").click()
    until(lambda: len(server.ctl("settings", "get", f"{PAGE}.sender_relays")) == 1, 60)
    expect(preview).to_have_count(0)
    expect(inside.get_by_role("button", name="Apply", exact=True)).to_be_disabled()

    inside.get_by_role("row", name="second.example").dblclick()
    dialog = inside.get_by_role("dialog")
    password = dialog.get_by_label("Password", exact=True)
    expect(password).to_have_value("")
    expect(password).to_have_attribute("placeholder", "Kept; type to replace it")
    dialog.get_by_label("Port", exact=True).fill("25")
    # At another port somebody else may listen: the kept password is not sent there (decision 0024).
    password.fill("Open, Sesame")
    dialog.get_by_role("button", name="OK", exact=True).click()
    inside.get_by_role("button", name="Apply", exact=True).click()
    until(lambda: server.ctl("settings", "get", f"{PAGE}.sender_relays")[0]["port"] == 25, 60)
    assert server.ctl("settings", "get", f"{PAGE}.sender_relays")[0]["password"] == {"set": True}


def test_announced_security(delivery: FrameLocator, server: Office) -> None:
    """X06-06, X06-07: both are ticked and applied, and with a relay the page says that they have no effect."""
    inside = delivery
    dane, policies = (inside.get_by_label(f"Check servers by {name}", exact=True) for name in ("DANE", "MTA-STS"))
    # Before the Apply: the page that is read again after it would show the relay as it is in force.
    relay = inside.get_by_label("Enable SMTP Relay", exact=True)
    relay.check()
    expect(dane).to_be_disabled()
    expect(inside.get_by_text("Not used while “Enable SMTP Relay” is on.").last).to_be_attached()
    relay.uncheck()
    try:
        dane.check()
        policies.check()
        inside.get_by_role("button", name="Preview").click()
        preview = inside.get_by_role("dialog", name="What Apply would change")
        expect(preview.get_by_text("postfix/main.cf")).to_be_visible()
        expect(preview.get_by_text("resolver/unbound.conf")).to_be_visible()
        preview.get_by_role("button", name="Apply", exact=True).click()
        until(
            lambda: server.ctl("settings", "get", f"{PAGE}.dane") and server.ctl("settings", "get", f"{PAGE}.mta_sts"),
            60,
        )
        expect(preview).to_have_count(0)
    finally:
        server.apply(PAGE, dane="no", mta_sts="no")
