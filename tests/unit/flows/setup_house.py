"""The first set-up with everything around it pretending."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pretend import open_again

from mailroom.core.problems import Problem
from mailroom.daemons.mail_place import Volume
from mailroom.flows import setting_start
from mailroom.flows.setting import Settings
from mailroom.flows.setup_check import World
from mailroom.flows.setup_job import Ports, Setup
from mailroom.flows.setup_notes import Note

ANSWERS = {"domain": "example.com", "hostname": "mail.example.com", "volume": "/volume1"}
MOVED = {**ANSWERS, "volume": "/volume2"}


class Killed(BaseException):
    """The job process ends here."""


class House:
    """A NAS with two volumes and two interfaces. fails: {port: what it raises}; dies: a port at which all ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place, self.mail, self.gone = ("/volume1", ""), False, ""
        self.stores: list[str] = []
        self.late: list[str] = []
        self.sync_state = "ok"
        self.ports_taken: list[tuple[int, str]] = []
        self.free_mb = {"/volume1": 90_000, "/volume2": 90_000}
        self.writable = True
        self.fails: dict[str, Exception] = {}
        self.dies = ""
        self.done: list[str] = []
        self.heard: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        self.setup = self.start()

    def start(self) -> Setup:
        """As a fresh job process sees it."""
        self.settings: Settings = open_again(self.folder)
        setting_start.start(self.settings, self.folder / "none.json")
        notes = self.folder / "setup"
        setup = Setup(self.settings, self._ports(), Note("draft", notes), Note("job", notes))
        setup.settle()
        return setup

    def again(self) -> dict[str, Any]:
        """What a fresh job process tells after this one was killed."""
        self.dies = ""
        self.setup = self.start()
        return self.setup.show()

    def ran(self, answers: dict[str, str], revision: int = 1) -> dict[str, Any]:
        """Apply and wait for the end; the job as it is told then."""
        self.setup.apply(answers, revision, "anna", "192.0.2.1")
        assert self.setup.thread is not None
        self.setup.thread.join()
        told = self.setup.show()["job"]
        assert isinstance(told, dict)
        return told

    def _step(self, name: str) -> None:
        self.done.append(name)
        if self.dies == name:
            # Only once: a killed process does not go on.
            raise Killed
        if name in self.fails:
            raise self.fails[name]

    def _ports(self) -> Ports:
        world = World(self._interfaces, self._volumes, lambda: self.mail, lambda: self.gone, self._taken, self._dns)
        return Ports(
            world,
            lambda: self.place,
            self._make_store,
            self._remove_store,
            self._move,
            lambda: self.late,
            self._sync,
            lambda: self._step("bring"),
            lambda: "/volume1",
            lambda seconds: None,
        )

    def _interfaces(self) -> list[dict[str, Any]]:
        def one(id: str, title: str, *addresses: str, dynamic: bool | None = False) -> dict[str, Any]:
            return {"id": id, "title": title, "addresses": list(addresses), "dynamic": dynamic, "up": True}

        every = one("", "All", "192.168.1.2", "198.51.100.9", dynamic=None)
        return [every, one("eth0", "LAN 1", "192.168.1.2"), one("eth1", "LAN 2"),
                one("ppp0", "PPPoE", "198.51.100.9", dynamic=True)]  # fmt: skip

    def _volumes(self) -> list[Volume]:
        return [
            Volume(id, f"Volume {id[-1]}", free, 100_000, self.place[0] == id, self.writable)
            for id, free in self.free_mb.items()
        ]

    def _taken(self, values: Any) -> list[tuple[int, str]]:
        return self.ports_taken

    def _dns(self, domain: str, hostname: str, address: str | None) -> dict[str, list[dict[str, Any]]]:
        self.asked.append((domain, hostname, address))
        return self.heard

    def _make_store(self, volume: str) -> str:
        self._step("make store")
        self.stores.append(volume)
        return "store-2"

    def _remove_store(self, volume: str) -> None:
        self._step("remove store")
        if volume in self.stores:
            self.stores.remove(volume)

    def _move(self, volume: str, store: str) -> None:
        if self.mail:
            raise Problem("Mail has come in meanwhile.")
        self._step("before move")
        self.place = (volume, store)
        self._step("after move")

    def _sync(self) -> dict[str, Any]:
        self._step("sync")
        return {"state": self.sync_state, "why": "signin does not answer."}
