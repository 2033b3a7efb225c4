"""Server Management > API Tokens: what people do there, and what scripts can then do."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FrameLocator, expect

from desktop import RELAY
from office import Office

Window = Callable[..., FrameLocator]


def asked(server: Office, token: str, path: str) -> int:
    """The status that a script gets with this token."""
    request = urllib.request.Request(f"{server.web}{RELAY}/{path}", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            json.loads(answer.read())
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.fixture
def page_of_tokens(window: Window, server: Office) -> Iterator[FrameLocator]:
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Server Management").click()
    inside.get_by_role("tab", name="API Tokens").click()
    yield inside
    for one in server.ctl("tokens", "list")["tokens"]:
        server.ctl("tokens", "revoke", one["id"])


def test_a_token_is_made_shown_once_used_and_revoked(page_of_tokens: FrameLocator, server: Office) -> None:
    inside = page_of_tokens
    inside.get_by_role("button", name="Create", exact=True).click()
    dialog = inside.get_by_role("dialog", name="Create an API token")
    create = dialog.get_by_role("button", name="Create", exact=True)
    expect(create).to_be_disabled()
    dialog.get_by_label("Name", exact=True).fill("Monitoring")
    dialog.get_by_role("group", name="Server", exact=True).get_by_label("Read").check()
    create.click()
    shown = inside.get_by_role("dialog", name="The new token")
    token = shown.locator("code").first.inner_text()
    shown.get_by_role("button", name="Done").click()
    assert asked(server, token, "api/overview") == 200
    assert asked(server, token, "api/settings") == 403
    row = inside.get_by_role("row", name="Monitoring")
    expect(row).to_contain_text("Server (Read)")
    expect(row).to_contain_text("admin")
    expect(inside.locator("body")).not_to_contain_text(token)
    row.click()
    inside.get_by_role("button", name="Revoke", exact=True).click()
    asks = inside.get_by_role("dialog", name="Revoke this token?")
    asks.get_by_role("button", name="Revoke", exact=True).click()
    expect(inside.get_by_text("There are no API tokens")).to_be_visible()
    assert asked(server, token, "api/overview") == 401


def test_a_name_that_is_taken_is_told_beside_it(page_of_tokens: FrameLocator, server: Office) -> None:
    server.ctl("tokens", "create", "Backup", "--scope", "settings:read", "--for", "anna")
    inside = page_of_tokens
    # Made in the shell: the page is told so.
    expect(inside.get_by_role("row", name="Backup")).to_be_visible()
    inside.get_by_role("button", name="Create", exact=True).click()
    dialog = inside.get_by_role("dialog", name="Create an API token")
    dialog.get_by_label("Name", exact=True).fill("backup")
    dialog.get_by_role("group", name="Settings", exact=True).get_by_label("Change").check()
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog.get_by_text("There is a token of this name.")).to_be_visible()
    expect(dialog.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
