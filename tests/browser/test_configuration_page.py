"""Server Management > Configuration Backup: exported, compared, imported, undone; and what is refused says where."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, FrameLocator, Page, expect

from changing import newest_revision
from mailroom.core.configuration_file import Document, written
from office import Office

Window = Callable[..., FrameLocator]
GENERAL, DISCLAIMER = "mail_delivery.general", "mail_delivery.disclaimer"
PASSPHRASE = "four words without relation"
SCRIPT = "<img src=x onerror=\"document.title='taken'\">"


@pytest.fixture
def backup(window: Window, server: Office) -> Iterator[FrameLocator]:
    """The page, and afterwards the settings as they were."""
    before = newest_revision(server)
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name="Server Management").click()
    inside.get_by_role("tab", name="Configuration Backup").click()
    yield inside
    server.ctl("settings", "put-back", str(before))


def hops(server: Office) -> int:
    return int(server.ctl("settings", "get", f"{GENERAL}.max_hops"))


def export(inside: FrameLocator, page: Page, passphrase: str = "", password: str = "") -> str:
    """The text of the file that the browser saves. password: the administrator's own, needed with a passphrase."""
    inside.get_by_label("Passphrase", exact=True).fill(passphrase)
    if passphrase:
        inside.get_by_label("Confirm passphrase").fill(passphrase)
        inside.get_by_label("Your DSM password").fill(password)
    with page.expect_download() as saved:
        inside.get_by_role("button", name="Export").click()
    assert saved.value.suggested_filename.startswith("mailroom-mail.example.com-")
    return Path(saved.value.path()).read_text()


def payload(text: str) -> FilePayload:
    return {"name": "mailroom.json", "mimeType": "application/json", "buffer": text.encode()}


def choose(inside: FrameLocator, text: str) -> None:
    inside.get_by_label("File", exact=True).set_input_files(payload(text))


def forged(text: str, page: str, **values: Any) -> str:
    facts = json.loads(text)
    facts["settings"][page].update(values)
    return written(Document.model_validate({**facts, "checksum": ""}))


def test_exported_compared_imported_and_undone(backup: FrameLocator, page: Page, server: Office) -> None:
    text = export(backup, page)
    expect(backup.get_by_text("Exported: mailroom-mail.example.com-")).to_be_visible()
    server.apply(GENERAL, max_hops=44)
    changed = newest_revision(server)
    button = backup.get_by_role("button", name="Import", exact=True)
    expect(button).to_be_disabled()
    choose(backup, text)
    row = backup.get_by_role("row", name="Max message hops")
    expect(row).to_contain_text("44")
    expect(row).to_contain_text("50")
    expect(backup.get_by_role("rowheader", name="Mail Delivery > General")).to_be_visible()
    expect(backup.get_by_text("Not in the file")).to_be_visible()
    assert hops(server) == 44, "looking changes nothing"
    button.click()
    expect(backup.get_by_text("Imported: 1 setting changed.")).to_be_visible(timeout=60_000)
    assert hops(server) == 50
    backup.get_by_role("tab", name="Change History").click()
    imports = backup.get_by_role("row", name="Import of the configuration of mail.example.com")
    expect(imports.first).to_contain_text(f"Revision {changed + 1}")
    former = backup.get_by_role("row", name=re.compile(rf"Revision {changed}\b"))
    former.get_by_role("button", name="Return to This State", exact=True).click()
    expect(backup.get_by_role("row", name=re.compile("^Max message hops"))).to_be_visible()
    backup.get_by_role("button", name="Return to This State", exact=True).click()
    expect(backup.get_by_text(f"Put back to revision {changed}.", exact=True)).to_be_visible(timeout=60_000)
    assert hops(server) == 44


def test_what_is_about_the_machine_is_ticked_one_by_one(backup: FrameLocator, page: Page, server: Office) -> None:
    text = forged(
        export(backup, page, PASSPHRASE, server.passwords["admin"]), GENERAL, hostname="mail.elsewhere.example"
    )
    facts = json.loads(text)
    assert facts["secrets"] == "sealed"
    choose(backup, text)
    expect(backup.get_by_text("Sealed: enter the passphrase")).to_be_visible()
    expect(backup.get_by_text("All settings are as in the file.")).to_be_visible()
    tick = backup.get_by_role("checkbox", name="Hostname (FQDN): mail.elsewhere.example (here: mail.example.com)")
    tick.check()
    expect(backup.get_by_role("row", name="Hostname (FQDN)")).to_contain_text("mail.elsewhere.example")
    tick.uncheck()
    expect(backup.get_by_text("All settings are as in the file.")).to_be_visible()
    opens = backup.get_by_label("Passphrase of the file")
    opens.fill("another passphrase")
    opens.blur()
    expect(opens).to_have_attribute("aria-invalid", "true")
    expect(backup.get_by_text("This passphrase does not open the file")).to_be_visible()


def test_who_changes_something_meanwhile_is_seen(backup: FrameLocator, page: Page, server: Office) -> None:
    text = export(backup, page)
    server.apply(GENERAL, max_hops=44)
    choose(backup, text)
    expect(backup.get_by_role("row", name="Max message hops")).to_be_visible()
    server.apply(GENERAL, max_message_mb=31)
    expect(backup.get_by_role("row", name="Maximum size per email")).to_contain_text("31")


def test_what_is_refused_says_where_and_nothing_acts(backup: FrameLocator, page: Page, server: Office) -> None:
    text, before = export(backup, page), newest_revision(server)
    choose(backup, "PK\x03\x04")
    expect(backup.get_by_text("The file is damaged or cut off at line 1.")).to_be_visible()
    choose(backup, text[: len(text) // 2])
    expect(backup.get_by_text("The file is damaged or cut off at line")).to_be_visible()
    choose(backup, forged(text, GENERAL, max_hops=5_000))
    expect(backup.get_by_text("Mail Delivery > General > Max message hops: Enter a number")).to_be_visible()
    expect(backup.get_by_role("button", name="Import", exact=True)).to_be_disabled()
    item = {"id": "d1", "name": SCRIPT, "text": SCRIPT}
    choose(backup, forged(text, DISCLAIMER, disclaimers=[item]))
    expect(backup.get_by_text("What the import changes")).to_be_visible()
    expect(backup.get_by_role("row", name=SCRIPT)).to_be_visible()
    assert page.title() != "taken" and newest_revision(server) == before
    backup.get_by_role("button", name="Discard File").click()
    expect(backup.get_by_text("What the import changes")).to_be_hidden()


def test_a_passphrase_is_typed_twice_and_long_enough(backup: FrameLocator) -> None:
    first, second = backup.get_by_label("Passphrase", exact=True), backup.get_by_label("Confirm passphrase")
    button = backup.get_by_role("button", name="Export")
    expect(second).to_be_disabled()
    first.fill("short")
    second.fill("shot")
    expect(second).to_have_attribute("aria-invalid", "true")
    expect(button).to_be_disabled()
    second.fill("short")
    expect(button).to_be_disabled()
    backup.get_by_label("Your DSM password").fill("wrong")
    button.click()
    expect(first).to_have_attribute("aria-invalid", "true")
    expect(backup.get_by_text("A passphrase has 8 to 200 characters.")).to_be_visible()
    first.fill(PASSPHRASE)
    second.fill(PASSPHRASE)
    button.click()
    expect(backup.get_by_label("Your DSM password")).to_have_attribute("aria-invalid", "true")
    expect(backup.get_by_text("This is not the password of your account.")).to_be_visible()
