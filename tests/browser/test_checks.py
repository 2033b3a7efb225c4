"""CK01, CL08: the two checks in the window: fix one, fix all, undo; problems first, with records to copy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FrameLocator, expect

from changing import changed
from office import Office

Window = Callable[..., FrameLocator]
GENERAL = "mail_delivery.general"
ADDRESS = "203.0.113.25"


def opened(window: Window, tab: str) -> FrameLocator:
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Server Management").click()
    inside.get_by_role("tab", name=tab, exact=True).click()
    return inside


@pytest.fixture
def odd(server: Office) -> Iterator[None]:
    """Two settings that are not as suggested; put back."""
    usual = server.ctl("settings", "get", f"{GENERAL}.sender_equals_login")
    server.apply(GENERAL, skip_auth_on_lan="yes", sender_equals_login="no")
    yield
    server.apply(GENERAL, skip_auth_on_lan="no", sender_equals_login="yes" if usual else "no")


@pytest.mark.usefixtures("odd")
def test_settings_are_fixed_one_by_one_all_at_once_and_undone(window: Window, server: Office) -> None:
    inside = opened(window, "Check Settings")
    rows = inside.locator("tr[data-field]")
    expect(rows).to_have_count(2)
    row = inside.locator("[data-field=skip_auth_on_lan]")
    expect(row).to_contain_text("without a password")
    row.get_by_role("button", name="Fix: Skip authentication for local network connections").click()
    expect(rows).to_have_count(1)
    expect(inside.get_by_text("1 setting is as suggested now")).to_be_visible()
    inside.get_by_role("button", name="Fix All").click()
    expect(inside.get_by_text("All settings are as suggested")).to_be_visible()
    assert server.ctl("settings", "get", f"{GENERAL}.sender_equals_login") is True
    inside.get_by_role("button", name="Undo").click()
    expect(inside.locator("[data-field=sender_equals_login]")).to_be_visible()
    assert server.ctl("settings", "get", f"{GENERAL}.sender_equals_login") is False
    # Somebody else's change is seen by itself; the way to the setting is one click.
    server.apply("security.spam", threshold="9.0")
    expect(rows).to_have_count(2)
    server.apply("security.spam", threshold="5.0")
    expect(rows).to_have_count(1)
    rows.get_by_role("button", name=re.compile("Mail Delivery.*General")).click()
    expect(inside.get_by_role("tab", name="General", exact=True)).to_have_attribute("aria-selected", "true")


@pytest.fixture
def world(server: Office) -> Iterator[dict[str, object]]:
    """A domain whose MX record leads elsewhere; everything is put back."""
    file = server.machine.folder / "zone.json"
    before = file.read_text() if file.exists() else None
    names: dict[str, object] = {
        "example.com": {"NS": ["ns1.example.com."], "MX": ["10 mx.elsewhere.example."]},
        "ns1.example.com": {"A": [server.address(1)]},
        "mail.example.com": {"A": [ADDRESS]},
    }
    file.write_text(json.dumps(names))
    former = server.ctl("settings", "list", "server_management.check_options")
    server.apply("service.interface", public_address=ADDRESS)
    server.apply("server_management.check_options", outward_domain="big.example", blocklists=["list.invalid"])
    yield names
    file.unlink() if before is None else file.write_text(before)
    options = former["server_management.check_options"]["values"]
    server.apply("server_management.check_options", **{key: options[key] for key in ("outward_domain", "blocklists")})
    server.ctl("settings", "set", "service.interface.public_address=")
    server.ctl("check", "doctor")


def test_deliverability_problems_first_with_the_record_to_copy(
    window: Window, server: Office, world: dict[str, object]
) -> None:
    inside = opened(window, "Deliverability")
    inside.get_by_role("button", name="Check", exact=False).first.click()
    first = inside.get_by_role("list", name="To look at").locator("li").first
    expect(first).to_contain_text("Problem")
    mx = inside.locator("[data-check=mx]")
    expect(mx).to_contain_text("10 mx.elsewhere.example")
    mx.get_by_role("button", name="Copy value of MX record").click()
    expect(mx.get_by_role("button", name="Copied").first).to_be_visible()
    # The guide's list of what to look at (CL08), each with the page that helps.
    for id in ("port_in", "lists:list.invalid", "clock"):
        expect(inside.locator(f"[data-check='{id}']")).to_be_visible()
    inside.locator("[data-check='port_in']").get_by_role(
        "button", name=re.compile("Open Service.*Network Interface")
    ).click()
    expect(inside.get_by_role("tab", name="Network Interface")).to_have_attribute("aria-selected", "true")
    # Corrected, and checked by the shell: the page follows by itself, and tells what had changed.
    inside.get_by_role("navigation").get_by_role("button", name="Server Management").click()
    inside.get_by_role("tab", name="Deliverability").click()
    expect(mx).to_contain_text("Problem")
    world["example.com"] = {"NS": ["ns1.example.com."], "MX": ["10 mail.example.com."]}
    (server.machine.folder / "zone.json").write_text(json.dumps(world))
    server.ctl("check", "doctor")
    expect(inside.get_by_role("list", name="To look at").locator("[data-check=mx]")).to_have_count(0)
    inside.get_by_text("Former checks").click()
    expect(inside.get_by_role("cell", name="MX record: In order").first).to_be_visible()


def test_what_is_announced_and_each_domain_by_itself(window: Window, server: Office, world: dict[str, object]) -> None:
    """X06-08, X06-09, DL02: records of MTA-STS and TLS-RPT to copy; an additional domain has a list of its own."""
    more = "branch.example"
    world[more] = {"NS": ["ns1.example.com."], "MX": ["10 mail.example.com."], "TXT": ['"v=spf1 mx -all"']}
    (server.machine.folder / "zone.json").write_text(json.dumps(world))
    with (
        changed(server, GENERAL, additional_domains=[{"domain": more}]),
        changed(server, "mail_delivery.security", mta_sts_mode="testing"),
    ):
        server.ctl("check", "doctor")
        inside = opened(window, "Deliverability")
        record = inside.locator("[data-check=mta_sts]")
        expect(record).to_contain_text("_mta-sts.example.com has no record of MTA-STS")
        record.get_by_role("button", name="Copy value of TXT record").click()
        expect(record.get_by_role("button", name="Copied").first).to_be_visible()
        expect(inside.locator("[data-check=tls_rpt]")).to_contain_text("v=TLSRPTv1; rua=mailto:postmaster@example.com")
        expect(inside.get_by_role("heading", name=f"Additional domain {more}").first).to_be_visible()
        own = inside.get_by_role("list", name=f"To look at: {more}")
        expect(own.locator(f"[data-check='tls_rpt:{more}']")).to_contain_text(f"rua=mailto:postmaster@{more}")
        expect(own.locator(f"[data-check='mx:{more}']")).to_have_count(0)
        expect(inside.locator(f"[data-check='mx:{more}']")).to_have_count(1)
        # It leads to the records of this domain, and from there to those of the other one.
        own.locator(f"[data-check='tls_rpt:{more}']").get_by_role("button", name=re.compile("DNS Records")).click()
        domain = inside.get_by_role("combobox", name="Domain", exact=True)
        expect(domain).to_have_text(more)
        expect(inside.get_by_text(f"_dmarc.{more}", exact=True)).to_be_visible()
        domain.click()
        inside.get_by_role("option", name="example.com", exact=True).click()
        expect(inside.get_by_text("_dmarc.example.com", exact=True)).to_be_visible()
    server.inside("rm", "-f", "/data/tls/mta-sts.json")
