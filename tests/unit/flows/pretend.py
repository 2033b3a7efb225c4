"""A configuration that pretends: files on a real disk, daemons that only say yes or no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mailroom.core.settings import AllValues
from mailroom.daemons.shape import DaemonFailed, Facts
from mailroom.flows.setting import Author, Settings
from mailroom.store.events import EventStore
from mailroom.store.settings import SettingsStore

ANNA = Author("anna", "192.0.2.1")
BEN = Author("ben", "192.0.2.2")
GENERAL = "mail_delivery.general"


class PowerCut(BaseException):
    """The machine stops here."""


class FakeConfiguration:
    """Files on a real disk, daemons that only pretend.

    breaks: a step that fails, with `reason` or as a daemon would. dies: a step at which the machine stops.
    """

    def __init__(self, folders: Path) -> None:
        self.folders, self.breaks, self.dies = folders, "", ""
        self.reloaded: list[list[str]] = []
        self.probed: list[list[str]] = []
        self.bad_value: Any = None
        self.reason: Exception | None = None

    def _step(self, name: str, daemon: str = "postfix") -> None:
        if self.dies == name:
            raise PowerCut
        if self.breaks == name:
            raise self.reason or DaemonFailed(f"{name} says no", daemon=daemon)

    def wanted(self, facts: Facts) -> list[str]:
        antivirus = ["clamd"] if facts.settings["security.antivirus"]["enabled"] else []
        return ["postfix", "dovecot", *antivirus]

    def render(self, facts: Facts) -> dict[str, dict[str, str]]:
        general, protocol = facts.settings[GENERAL], facts.settings["service.protocol"]
        if self.breaks == "template" and general["max_hops"] != 50:
            raise DaemonFailed("template says no", daemon="postfix")
        return {
            "postfix": {"main.cf": f"hops={general['max_hops']} size={general['max_message_mb']}\n"},
            "dovecot": {"dovecot.conf": f"imap={protocol['imap_enabled']}\n"},
        }

    def write(self, folder: Path, rendered: dict[str, dict[str, str]]) -> None:
        for name, files in rendered.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            for file, text in files.items():
                (folder / name / file).write_text(text)
        self._step("write")

    def check(self, folder: Path, rendered: dict[str, dict[str, str]], daemons: list[str]) -> None:
        text = (folder / "postfix" / "main.cf").read_text()
        if self.bad_value is not None and f"hops={self.bad_value}" in text:
            raise DaemonFailed("bad value", daemon="postfix")
        self._step("check")

    def current(self) -> Path | None:
        link = self.folders / "current"
        return self.folders / link.readlink() if link.is_symlink() else None

    def swap(self, folder: Path) -> Path | None:
        self._step("before swap")
        former = self.current()
        link = self.folders / "current"
        link.unlink(missing_ok=True)
        link.symlink_to(folder.name)
        self._step("after swap")
        return former

    def remove(self, folder: Path) -> None:
        if folder != self.current() and folder.exists():
            for file in sorted(folder.rglob("*"), reverse=True):
                file.unlink() if file.is_file() else file.rmdir()
            folder.rmdir()

    def reload(self, daemons: list[str], facts: Facts) -> None:
        self.reloaded.append(list(daemons))
        self._step("reload")

    def probe(self, daemons: list[str], facts: Facts) -> None:
        self.probed.append(list(daemons))
        self._step("probe")


def open_again(folder: Path) -> Settings:
    """The story as a fresh process sees it."""
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    events, store = EventStore(folder / "events.sqlite"), SettingsStore(folder / "settings.sqlite")
    return Settings(store, events, FakeConfiguration(conf), lambda values: Facts(values), folders=conf)


def fake(settings: Settings) -> FakeConfiguration:
    assert isinstance(settings.configuration, FakeConfiguration)
    return settings.configuration


def in_force(settings: Settings) -> str:
    folder = settings.configuration.current()
    assert folder is not None
    return (folder / "postfix" / "main.cf").read_text()


def hops(number: Any) -> AllValues:
    return {GENERAL: {"max_hops": number}}
