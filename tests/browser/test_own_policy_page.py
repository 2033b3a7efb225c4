"""X06-08: what is announced to others, in the window: tried, shown with its records, refused, taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FrameLocator, expect

from mail_programs import Program
from mailroom.core.sts_policy import PATH
from office import DOMAIN, HOSTNAME, Office, until

Window = Callable[..., FrameLocator]
PAGE = "mail_delivery.security"
MODE = "Other servers must encrypt mail to this server"


@pytest.fixture
def security(window: Window, server: Office) -> Iterator[FrameLocator]:
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Mail Delivery").click()
    inside.get_by_role("tab", name="Security", exact=True).click()
    yield inside
    server.apply(PAGE, mta_sts_mode="off", mta_sts_servers=[], mta_sts_max_age_days="7")
    server.inside("rm", "-f", "/data/tls/mta-sts.json")


def choose(inside: FrameLocator, mode: str) -> None:
    inside.get_by_label(MODE, exact=True).click()
    inside.get_by_role("option", name=mode).click()
    inside.get_by_role("button", name="Apply", exact=True).click()


def test_it_is_tried_shown_refused_and_taken_back(security: FrameLocator, server: Office) -> None:
    inside = security
    shown = inside.get_by_role("region", name="What other servers get")
    expect(inside.get_by_label("Others remember this for", exact=True)).to_be_disabled()
    expect(shown).to_have_count(0)
    choose(inside, "Testing")
    expect(shown).to_contain_text("mode: testing")
    expect(shown).to_contain_text(f"mx: {HOSTNAME}")
    expect(shown).to_contain_text(f"_mta-sts.{DOMAIN}")
    shown.get_by_role("button", name="Copy the value of the TXT record").first.click()
    expect(shown.get_by_role("button", name="Copied").first).to_be_visible()

    # This server's certificate is its own: whoever insists would deliver nothing.
    choose(inside, "Enforce")
    expect(inside.get_by_text("is not trusted by others: they would deliver nothing").first).to_be_visible()
    assert server.ctl("settings", "get", f"{PAGE}.mta_sts_mode") == "testing"

    until(lambda: Program(server).get(f"mta-sts.{DOMAIN}", PATH).status == 200, 30, "somebody fetches it")
    choose(inside, "Off")
    expect(shown).to_contain_text("Switched off; other servers may know the former policy until")
    expect(shown).to_contain_text("mode: none")
    shown.get_by_role("button", name="Check whether others get it").click()
    expect(inside.get_by_role("tab", name="Deliverability")).to_have_attribute("aria-selected", "true")
