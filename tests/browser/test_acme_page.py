"""Service > Let's Encrypt: switched on in the window, the certificate comes; what the authority says is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import FrameLocator, expect

from acme_nas import acme_authority
from office import HOSTNAME, Office

Window = Callable[..., FrameLocator]


def opened(window: Window) -> FrameLocator:
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Service", exact=True).click()
    inside.get_by_role("tab", name="Let's Encrypt").click()
    return inside


def test_a_certificate_is_got_and_shown(window: Window, server: Office, tmp_path: Path) -> None:
    with acme_authority(server, tmp_path) as authority:
        inside = opened(window)
        state = inside.get_by_role("region", name="Certificate by itself")
        expect(state).to_have_count(0)
        inside.get_by_label("Get a certificate from Let's Encrypt and renew it", exact=True).check()
        inside.get_by_label("Directory of the authority", exact=True).fill(authority.directory)
        inside.get_by_role("button", name="Apply").click()
        expect(state.get_by_role("status")).to_contain_text("Got on", timeout=90_000)
        expect(state).to_contain_text(HOSTNAME)
        state.get_by_role("button", name="Show the certificate").click()
        current = inside.get_by_role("region", name="Certificate of the mail services")
        expect(current).to_contain_text(HOSTNAME)
        expect(current).not_to_contain_text("Self-signed")


def test_what_is_no_authority_is_told_at_its_field(window: Window) -> None:
    inside = opened(window)
    inside.get_by_label("Get a certificate from Let's Encrypt and renew it", exact=True).check()
    directory = inside.get_by_label("Directory of the authority", exact=True)
    directory.fill("http://acme.authority.example/directory")
    directory.blur()
    expect(directory).to_have_attribute("aria-invalid", "true")
    expect(inside.get_by_role("button", name="Apply")).to_be_disabled()
