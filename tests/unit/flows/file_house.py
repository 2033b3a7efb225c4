"""Two servers, the file between them, and who would forge it: for the tests of the configuration file."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable
from typing import Any

from pretend import ANNA, BEN, GENERAL

from mailroom.core import configuration_file as file
from mailroom.core import sealed
from mailroom.core import settings as declared
from mailroom.flows import setting_file
from mailroom.flows.setting import Settings
from mailroom.store.events import EventRow
from mailroom.store.pieces import PieceRow
from mailroom.store.settings import RevisionRow

DELIVERY, LISTS, DISCLAIMER, INTERFACE = (
    "mail_delivery.delivery", "mail_delivery.lists", "mail_delivery.disclaimer", "service.interface",
)  # fmt: skip
PASSWORD, PASSPHRASE = "Open, Sesame 1", "four words without relation"
RELAY = {"enabled": True, "server": "relay.example", "authentication": True, "account": "anna", "password": PASSWORD}
RULE = {
    "id": "r1",
    "name": "Casino",
    "enabled": True,
    "type": "sender",
    "criteria": "*@casino.example",
    "action": "reject",
}
DIFFERENT: declared.AllValues = {
    GENERAL: {"max_hops": 20, "hostname": "mail.one.example", "lan_networks": ["192.0.2.0/24"]},
    DELIVERY: RELAY,
    LISTS: {"blacklist": [RULE]},
    INTERFACE: {"public_address": "203.0.113.9"},
}
MACHINE = tuple(f"{page}.{key}" for page, key in declared.machine_settings())


def at(settings: Settings) -> Settings:
    """The rows of this server from now on: in the product a process has one database of each kind."""
    settings.store.database.bind([RevisionRow, PieceRow])
    settings.events.database.bind([EventRow])
    return settings


def out(settings: Settings, passphrase: str = "") -> str:
    return setting_file.export(at(settings), passphrase, ANNA)["text"]


def sent(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def take(settings: Settings, text: str, passphrase: str = "", machine: tuple[str, ...] = ()) -> dict[str, Any]:
    base = at(settings).current().number
    return setting_file.take(at(settings), sent(text), passphrase, list(machine), base, BEN)


def look(settings: Settings, text: str | bytes, passphrase: str = "", machine: tuple[str, ...] = ()) -> dict[str, Any]:
    return setting_file.preview(at(settings), sent(text), passphrase, list(machine))


def in_clear(settings: Settings) -> declared.AllValues:
    values = at(settings).values()
    for page, keys in values.items():
        for key in declared.secrets_of(page):
            keys[key] = sealed.plain(keys[key], f"{page}.{key}")
    return values


def forged(text: str, change: Callable[[dict[str, Any]], Any]) -> str:
    """The file after a change by somebody who knows how the checksum is made."""
    facts = json.loads(text)
    change(facts)
    with contextlib.suppress(ValueError):
        facts["checksum"] = file.Document.model_validate(facts).digest()
    return json.dumps(facts)
