"""Mail Delivery > Alias and Auto BCC in the window: filled, warned of, applied, imported (AL01-AL07, BC02-BC05)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FrameLocator, expect

from office import Office, until

Window = Callable[..., FrameLocator]
PAGE = "mail_delivery.alias"


def members(server: Office) -> dict[str, list[str]]:
    return {one["name"]: one["members"] for one in server.ctl("aliases", "list")["aliases"]}


@pytest.fixture
def page_of_aliases(window: Window, server: Office) -> Iterator[FrameLocator]:
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Mail Delivery").click()
    inside.get_by_role("tab", name="Alias", exact=True).click()
    yield inside
    server.apply("mail_delivery.auto_bcc", rules=[])
    server.apply(PAGE, aliases=[])


def test_an_alias_is_made_with_all_kinds_of_members(page_of_aliases: FrameLocator, server: Office) -> None:
    """AL01-AL04, AL07."""
    inside = page_of_aliases
    inside.get_by_role("button", name="Create", exact=True).click()
    dialog = inside.get_by_role("dialog")
    dialog.get_by_label("Alias name", exact=True).fill("ben")
    expect(dialog.get_by_text("ben is also a user, who gets no more mail")).to_be_visible()
    dialog.get_by_label("Search", exact=True).fill("ann")
    expect(dialog.get_by_label("ben", exact=True)).to_have_count(0)
    dialog.get_by_label("anna", exact=True).check()
    expect(dialog.get_by_role("row", name="anna")).to_contain_text("Normal")
    dialog.get_by_label("Search", exact=True).fill("")
    dialog.get_by_role("tab", name="Groups").click()
    dialog.get_by_label("administrators", exact=True).check()
    dialog.get_by_label("External mail box", exact=True).fill("partner@else.example")
    dialog.get_by_label("External mail box", exact=True).press("Enter")
    expect(dialog.get_by_text("3 members chosen")).to_be_visible()
    dialog.get_by_role("button", name="OK", exact=True).click()
    expect(inside.get_by_role("row", name="ben")).to_contain_text("administrators (group)")
    inside.get_by_role("button", name="Preview").click()
    preview = inside.get_by_role("dialog", name="What Apply would change")
    expect(preview.get_by_text("ben is also a user, who is not a member of the alias")).to_be_visible()
    expect(preview.get_by_text("maps/aliases")).to_be_visible()
    preview.get_by_role("button", name="Apply", exact=True).click()
    until(lambda: members(server) == {"ben": ["user:anna", "group:administrators", "partner@else.example"]}, 60)


def test_the_dialog_judges_as_apply_does_and_the_row_stays_chosen(
    page_of_aliases: FrameLocator, server: Office
) -> None:
    """AL01, AL07: what Apply refuses is told at OK; what it refuses later is told with its row."""
    inside = page_of_aliases
    inside.get_by_role("button", name="Create", exact=True).click()
    dialog = inside.get_by_role("dialog", name="Create Alias")
    ok = dialog.get_by_role("button", name="OK", exact=True)
    dialog.get_by_label("Alias name", exact=True).fill("sales team")
    ok.click()
    expect(dialog.get_by_text("A mail address may only have letters")).to_be_visible()
    expect(dialog.get_by_text("Choose at least one member.")).to_have_count(0)
    dialog.get_by_label("Alias name", exact=True).fill("sales")
    ok.click()
    expect(dialog.get_by_text("Choose at least one member.")).to_be_visible()
    dialog.get_by_label("anna", exact=True).check()
    ok.click()
    expect(dialog).to_have_count(0)
    inside.get_by_role("button", name="Apply", exact=True).click()
    until(lambda: members(server) == {"sales": ["user:anna"]}, 60)
    expect(inside.get_by_role("button", name="Apply", exact=True)).to_be_disabled()
    expect(inside.get_by_role("row", name="sales", selected=True)).to_be_visible()
    inside.get_by_role("button", name="Edit", exact=True).click()
    dialog = inside.get_by_role("dialog", name="Edit Alias")
    dialog.get_by_label("ben", exact=True).check()
    dialog.get_by_role("button", name="OK", exact=True).click()
    inside.get_by_role("button", name="Create", exact=True).click()
    dialog = inside.get_by_role("dialog", name="Create Alias")
    dialog.get_by_label("Alias name", exact=True).fill("all")
    dialog.get_by_role("tab", name="Aliases").click()
    dialog.get_by_label("sales", exact=True).check()
    dialog.get_by_role("button", name="OK", exact=True).click()
    expect(dialog).to_have_count(0)
    inside.get_by_text("anna, ben", exact=True).click()
    inside.get_by_role("button", name="Delete", exact=True).click()
    expect(inside.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    inside.get_by_role("button", name="Apply", exact=True).click()
    refused = inside.get_by_role("alert").filter(has_text="1 entry is refused")
    expect(refused).to_contain_text("all: all has the alias sales, which does not exist.")
    refused.get_by_role("button", name="Show", exact=True).click()
    expect(inside.get_by_role("row", name="all", selected=True)).to_be_visible()
    assert members(server) == {"sales": ["user:anna"]}


def test_a_file_is_looked_at_before_it_is_imported(page_of_aliases: FrameLocator, server: Office) -> None:
    """AL05, AL06."""
    inside = page_of_aliases
    inside.get_by_role("button", name="Tools").click()
    inside.get_by_role("menuitem", name="Import aliases").click()
    dialog = inside.get_by_role("dialog", name="Import aliases")
    take = dialog.get_by_role("button", name="Import", exact=True)
    expect(take).to_be_disabled()
    choose = dialog.locator("input[type=file]")
    choose.set_input_files({"name": "picture", "mimeType": "image/png", "buffer": b"\x89PNG\0"})
    expect(dialog.get_by_text("The file is no text.")).to_be_visible()
    expect(take).to_be_disabled()
    content = b"info: anna, chloe\nghost: nobody\npipe: |/bin/sh\n"
    choose.set_input_files({"name": "aliases", "mimeType": "text/plain", "buffer": content})
    expect(dialog.get_by_role("row", name="info")).to_contain_text("anna, chloe")
    expect(dialog.get_by_role("row", name="ghost")).to_contain_text("There is no user or alias nobody.")
    expect(dialog.get_by_role("row", name="pipe")).to_contain_text("It runs a program")
    assert members(server) == {}
    take.click()
    until(lambda: members(server) == {"info": ["user:anna", "user:chloe"]}, 60)
    expect(dialog).to_have_count(0)
    expect(inside.get_by_role("row", name="info")).to_be_visible()


def test_an_auto_bcc_rule(page_of_aliases: FrameLocator, server: Office) -> None:
    """BC02, BC04, BC05."""
    inside = page_of_aliases
    inside.get_by_role("tab", name="Auto BCC").click()
    inside.get_by_role("button", name="Create", exact=True).click()
    dialog = inside.get_by_role("dialog")
    dialog.get_by_label("All messages").check()
    expect(dialog.get_by_label("Address contains", exact=True)).to_be_disabled()
    dialog.get_by_label("To: address contains").check()
    dialog.get_by_label("Address contains", exact=True).fill("sales")
    dialog.get_by_label("Send BCC to this address", exact=True).fill("anna")
    dialog.get_by_role("button", name="OK", exact=True).click()
    inside.get_by_role("button", name="Apply", exact=True).click()
    until(lambda: len(server.ctl("settings", "get", "mail_delivery.auto_bcc.rules")) == 1, 60)
    inside.get_by_role("row", name="sales").click()
    inside.get_by_role("button", name="Delete", exact=True).click()
    inside.get_by_role("button", name="Apply", exact=True).click()
    until(lambda: server.ctl("settings", "get", "mail_delivery.auto_bcc.rules") == [], 60)
