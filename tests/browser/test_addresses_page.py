"""Address extensions, SRS, catch-all and aliases of one domain in the window (X06-01 to X06-04)."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import FrameLocator, expect

from changing import newest_revision
from office import DOMAIN, Office, until

Window = Callable[..., FrameLocator]
GENERAL, ALIAS = "mail_delivery.general", "mail_delivery.alias"


def values(server: Office, page: str) -> dict[str, object]:
    return dict(server.ctl("settings", "list", page)[page]["values"])


def opened(window: Window, tab: str) -> FrameLocator:
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Mail Delivery").click()
    inside.get_by_role("tab", name=tab, exact=True).click()
    return inside


def test_extensions_and_srs(window: Window, server: Office) -> None:
    before = newest_revision(server)
    inside = opened(window, "General")
    folder = inside.get_by_label("Deliver to the folder with the name of the extension", exact=True)
    expect(folder).to_be_disabled()
    inside.get_by_role("combobox", name="Separator of address extensions").click()
    inside.get_by_role("option", name="+ (ben+shop)").click()
    folder.check()
    inside.get_by_label("Rewrite the sender of forwarded mail (SRS)", exact=True).uncheck()
    inside.get_by_role("button", name="Preview").click()
    preview = inside.get_by_role("dialog", name="What Apply would change")
    expect(preview).to_contain_text("recipient_delimiter = +")
    expect(preview).to_contain_text("Rewrite the sender of forwarded mail (SRS)")
    preview.get_by_role("button", name="Apply", exact=True).click()
    until(lambda: values(server, GENERAL)["srs"] is False, 60)
    now = values(server, GENERAL)
    assert now["address_separator"] == "plus" and now["extension_folder"] is True
    server.ctl("settings", "put-back", str(before), "--page", GENERAL)
    assert values(server, GENERAL)["srs"] is True and values(server, GENERAL)["address_separator"] == "none"


def test_a_catch_all_and_an_alias_of_one_domain(window: Window, server: Office) -> None:
    before = newest_revision(server)
    inside = opened(window, "Alias")
    made = inside.get_by_role("button", name="Create", exact=True)
    made.click()
    dialog = inside.get_by_role("dialog")
    dialog.get_by_label("Alias name", exact=True).fill("sales")
    dialog.get_by_label("Only at domain", exact=True).fill(DOMAIN)
    dialog.get_by_label("ben", exact=True).check()
    dialog.get_by_role("button", name="OK", exact=True).click()
    expect(inside.get_by_role("row", name="sales")).to_contain_text(DOMAIN)
    inside.get_by_role("tab", name="Catch-all").click()
    made.click()
    dialog.get_by_label("Domain name", exact=True).fill("else.example")
    dialog.get_by_label("Recipient", exact=True).fill("ben")
    dialog.get_by_role("button", name="OK", exact=True).click()
    expect(dialog.get_by_text("else.example is not a domain of this server.").first).to_be_visible()
    dialog.get_by_label("Domain name", exact=True).fill(DOMAIN)
    dialog.get_by_role("button", name="OK", exact=True).click()
    inside.get_by_role("button", name="Apply", exact=True).click()
    until(lambda: values(server, ALIAS)["catch_all"], 60)
    (alias,) = values(server, ALIAS)["aliases"]  # type: ignore[misc]
    assert (alias["name"], alias["domain"], alias["members"]) == ("sales", DOMAIN, ["user:ben"])
    server.ctl("settings", "put-back", str(before), "--page", ALIAS)
    assert values(server, ALIAS)["catch_all"] == [] and values(server, ALIAS)["aliases"] == []
