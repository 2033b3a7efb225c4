"""Each tab with settings, on a running server: filled in as one does, previewed, applied, and put back.

What is filled in stands in one table, which must have every page that the server declares.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, expect

from mailroom.core import settings
from office import Office, until

Window = Callable[..., FrameLocator]
Values = dict[str, Any]
FILLED: dict[str, Values] = {
    "mail_delivery.general": {"max_recipients": 40, "max_hops": 41},
    "mail_delivery.delivery": {"enabled": True, "server": "relay.world.example", "port": 25, "always_tls": False},
    "mail_delivery.security": {
        "sender_fqdn": True,
        "messages_per_minute": 900,
        "junk_commands": 90,
        "mta_sts_mode": "testing",
        "mta_sts_max_age_days": 30,
        "mta_sts_servers": ["mx.world.example"],
    },
    "mail_delivery.lists": {
        "blacklist": [{"name": "Adverts", "type": "sender", "criteria": "*@adverts.example", "action": "discard"}]
    },
    "mail_delivery.alias": {"aliases": [{"name": "office", "members": ["partner@world.example"]}]},
    "mail_delivery.auto_bcc": {"rules": [{"criterion": "to", "text": "sales@", "target": "ben"}]},
    "mail_delivery.daily_quota": {"limit_messages": True, "messages": 700},
    "mail_delivery.disclaimer": {
        "disclaimers": [{"name": "Law", "match": "any", "senders": ["*@office.example"], "html": "Confidential."}]
    },
    "security.spam": {"threshold": 6, "tag_subject": True, "subject_prefix": "[spam]"},
    "security.antivirus": {"action": "delete", "when_down": "pass"},
    "server_management.check_options": {"daily": False, "blocklists": ["list.example"]},
    "service.acme": {"enabled": True, "names": ["imap.office.example"], "directory": "https://127.0.0.1:1/directory"},
    "service.interface": {"public_address": "192.0.2.77"},
    "service.protocol": {"pop3_enabled": True, "pop3s_enabled": True},
    "service.search": {"character_search": True},
}


def titles_of(page: str) -> tuple[str, str]:
    """What the menu and the tab are called."""
    declared = settings.pages()[page]
    return declared.menu.replace("_", " ").title(), declared.title


def type_in(form: FrameLocator | Locator, inside: FrameLocator, schema: Values, key: str, value: Any) -> None:
    """Give one field its value by the keyboard and the mouse."""
    declared = schema["properties"][key]
    hints, title = declared["x-ui"], declared["title"]
    field = form.get_by_label(title, exact=True)
    if "enum" in declared and hints.get("widget") == "radio":
        form.get_by_label(hints["labels"][value], exact=True).check()
    elif "enum" in declared:
        field.click()
        inside.get_by_role("option", name=hints["labels"][value], exact=True).click()
    elif isinstance(value, bool):
        field.set_checked(value)
    elif isinstance(value, list) and hints.get("widget") == "members":
        for member in value:
            form.get_by_label("External mail box", exact=True).fill(member)
            form.get_by_label("External mail box", exact=True).press("Enter")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        kind = schema["$defs"][declared["items"]["$ref"].split("/")[-1]]
        for item in value:
            create(form.locator(f'[data-field="{key}"]'), inside, kind, item)
    elif hints.get("widget") == "html":
        field.click()
        field.press_sequentially(value)
    elif isinstance(value, list):
        for word in value:
            field.fill(word)
            field.press("Enter")
    else:
        field.fill(str(value))


def create(its_list: Locator, inside: FrameLocator, kind: Values, item: Values) -> None:
    """A new item of a list, in its dialog."""
    its_list.get_by_role("button", name="Create", exact=True).click()
    dialog = inside.get_by_role("dialog")
    for key, value in item.items():
        type_in(dialog, inside, kind, key, value)
    dialog.get_by_role("button", name="OK", exact=True).click()
    expect(dialog).to_have_count(0)


def told(values: Values) -> Values:
    """What is compared: items of a list without their ids, and of them what was filled in."""
    return {
        key: [{name: one[name] for name in sorted(one) if name != "id"} for one in value]
        if isinstance(value, list) and value and isinstance(value[0], dict)
        else value
        for key, value in values.items()
    }


def contains(known: Values, filled: Values) -> bool:
    """Whether these settings have everything that was filled in."""
    for key, value in filled.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            items = zip(value, known[key], strict=False)
            if len(known[key]) != len(value) or not all(contains(there, item) for item, there in items):
                return False
        elif isinstance(value, list):
            if not set(value) <= set(known[key]):
                return False
        elif key != "html" and known[key] != value:
            return False
    return True


def test_the_table_has_every_page() -> None:
    assert set(FILLED) == set(settings.pages())


@pytest.mark.parametrize("name", FILLED)
def test_a_tab_is_filled_previewed_applied_and_put_back(name: str, window: Window, server: Office) -> None:
    def now() -> Values:
        return told(server.ctl("settings", "list", name)[name]["values"])

    before, schema = now(), settings.schema_of(name)
    menu, tab = titles_of(name)
    inside = window()
    inside.get_by_role("navigation").get_by_role("button", name=menu, exact=True).click()
    if name == "server_management.check_options":
        inside.get_by_role("tab", name="Deliverability", exact=True).click()
        inside.get_by_role("button", name=tab, exact=True).click()
    else:
        inside.get_by_role("tab", name=tab, exact=True).click()
    for key, value in FILLED[name].items():
        type_in(inside.locator("main"), inside, schema, key, value)
    inside.get_by_role("button", name="Preview").click()
    preview = inside.get_by_role("dialog", name="What Apply would change")
    for key in FILLED[name]:
        expect(preview).to_contain_text(schema["properties"][key]["title"])
    assert now() == before
    preview.get_by_role("button", name="Apply", exact=True).click()
    until(lambda: contains(now(), FILLED[name]), 60, lambda: f"applied: {now()}")
    expect(inside.get_by_role("button", name="Apply", exact=True)).to_be_disabled()
    inside.get_by_role("button", name="History").click()
    history = inside.get_by_role("dialog")
    history.get_by_role("button", name="Return to This State").first.click()
    history.get_by_role("button", name="Back to the List").wait_for()
    history.get_by_role("button", name="Return to This State", exact=True).click()
    until(lambda: now() == before, 60, lambda: f"put back: {now()}")
    until(lambda: not server.late(), 60, "every daemon answers")
