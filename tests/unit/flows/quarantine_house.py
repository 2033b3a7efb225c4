"""A quarantine on a real folder, for tests: messages as the filter keeps them, and the story about them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from mailroom.core import settings
from mailroom.core.clock import Clock
from mailroom.filtering.ids import new_id
from mailroom.flows.quarantine import Quarantine
from mailroom.flows.quarantine_notice import Notices
from mailroom.monitor.quarantine import Folder
from mailroom.store.accounts import Account
from mailroom.store.events import EventStore

WHO = {"who": "anna", "where": "192.0.2.1"}
NOW = 1_790_000_000.0
WHOLE = b"Subject: hello\r\n\r\nlove\r\n"
PEOPLE = [Account("ben", "ben", 1, seat=True), Account("chloe", "chloe", 2, seat=True), Account("dora", "dora", 3)]


class Still(Clock):
    def now(self) -> float:
        return NOW

    def elapsed(self) -> float:
        return 0.0


class Posted:
    """A release that is taken, or refused."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.problem: Exception | None = None

    def send(self, one: Any, folder: Folder, values: Any) -> dict[str, Any]:
        if self.problem:
            raise self.problem
        self.sent.append(one.id)
        return {"recipients": list(one.recipients), "refused": []}


def keep(root: Path, age_s: float = 0.0, whole: bytes = WHOLE, **more: Any) -> str:
    """A message in the folder, as the filter keeps it."""
    id = new_id(NOW - age_s)
    folder = root / time.strftime("%Y-%m-%d", time.gmtime(NOW - age_s))
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"id": id, "time": NOW - age_s, "sender": "mal@world.example", "recipients": ["ben@example.com"]}
    facts |= {"size": len(whole), "checks": [["clamav", "Eicar"]], "subject": "=?utf-8?q?Gr=C3=BC=C3=9Fe?="}
    (folder / f"{id}.eml").write_bytes(whole)
    (folder / f"{id}.json").write_text(json.dumps({**facts, **more}))
    for file in folder.glob(f"{id}.*"):
        os.utime(file, (NOW - age_s, NOW - age_s))
    return id


def values(**antivirus: Any) -> Any:
    found = settings.defaults()
    found["mail_delivery.general"] |= {"domain": "example.com", "hostname": "mail.example.com"}
    found["security.antivirus"] |= antivirus
    return found


class House:
    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "quarantine"
        self.root.mkdir()
        self.events, self.posted, self.told = EventStore(tmp_path / "events.sqlite"), Posted(), []
        self.values = values()
        self.notices = Notices(lambda: PEOPLE, lambda *one: self.told.append(one), tmp_path / "note.json", Still())
        self.folder = Folder(self.root)
        self.story = Quarantine(
            lambda: self.values,
            self.events,
            self.posted,
            self.notices,
            self.folder,
            Still(),  # type: ignore[arg-type]
        )
