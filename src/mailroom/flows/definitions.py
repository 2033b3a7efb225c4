"""The story of virus definitions (rows AV02, AV05, AV06): due, downloaded, verified, read by the engine, told.

Once a day, or as often as is set, and when somebody asks. Who is refused asks again after one hour, two, four, at most
a day, or when the mirror says so. What fails leaves the definitions in force as they are.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailroom.core import durable, paths, sealed
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.problems import Invalid, Problem
from mailroom.core.settings import AllValues
from mailroom.daemons.clamd import engine, freshclam
from mailroom.daemons.clamd.freshclam import Run, Source
from mailroom.flows import definitions_words
from mailroom.flows.definitions_words import NO_ROOM_LEFT, NOT_STARTED, NOT_TAKEN, Failure
from mailroom.flows.jobs import Operation
from mailroom.flows.setting import Settings
from mailroom.monitor import antivirus, machine, volumes

LOG = logging.getLogger("mailroom.definitions")
NOTE = paths.DB / "definitions.json"
KIND, OURSELVES = "definitions", "Mailroom"
PASSWORD = "security.antivirus.proxy_password"
LOOK_EVERY_S, HOUR_S, DAY_S = 10.0, 3_600.0, 86_400.0
# After a start the network and the resolver come first.
FIRST_AFTER_S = 60.0
AGAIN_S, AGAIN_MAX_S = HOUR_S, DAY_S
# The engine reads all definitions for half a minute, on a slow NAS for longer.
READ_WITHIN_S, READ_PAUSE_S = 300.0, 1.0
ENGINE_ASKED_EVERY_S = 20.0
ROOM_MB = 1_024
# No mirror asks to be left alone for longer.
WAIT_MAX_S = 8 * DAY_S
# What ClamAV's makers say (docs.clamav.net, "Memory (RAM) Requirements"): to load all definitions, and the least that
# a machine should have. Below that nothing is downloaded for the first time unless somebody asks for it.
ENGINE_MB, MACHINE_MB = 1_200, 3_000


@dataclass(frozen=True)
class Ports:
    """What the story reaches: freshclam, the engine, the folder, the volume, the memory. Tests fake them."""

    fetch: Callable[[Source, int, bool], Run] = freshclam.fetch
    ask_engine: Callable[[], engine.Engine | None] = engine.ask
    reload_engine: Callable[[], bool] = engine.reload
    definitions: Callable[[], dict[str, Any]] = antivirus.definitions
    wait_until: Callable[[], float] = antivirus.wait_until
    free_mb: Callable[[], int] = lambda: volumes.space(paths.DATA)["free_mb"]
    memory: Callable[[], dict[str, int]] = machine.memory
    pause: Callable[[float], None] = time.sleep


class Definitions:
    """note: what we remember of the last tries."""

    def __init__(
        self, settings: Settings, note: Path = NOTE, clock: Clock | None = None, ports: Ports | None = None
    ) -> None:
        self.settings, self.note = settings, note
        self.clock, self.ports = clock or SystemClock(), ports or Ports()
        self.began = self.clock.now()
        self.turn, self.since = threading.Lock(), 0.0
        self.engine: tuple[float, engine.Engine | None] = (0.0, None)
        self.engine_asked = float("-inf")

    def operations(self) -> dict[str, Operation]:
        """What the job process can be asked."""
        return {"definitions.read": self.read, "definitions.update": self.update}

    def read(self) -> dict[str, Any]:
        """Everything about definitions, engine and updates; times in seconds since the epoch, 0 for never.

        state, version, definitions_date, files: see `antivirus.definitions`. limited: only our own test virus is found.
        engine: {answers, version, definitions, asked}: what it said when it was asked last. updating: since when a
        download is under way. due: when the next one is. tried, ok, text, next, failures: the last try; checked: when a
        mirror was reached last, changed: when it had something new. memory: {engine_mb, total_mb, enough}.
        """
        values, note, found = self.settings.values(), self._note(), self.ports.definitions()
        asked, last = self._engine()
        total_mb = self.ports.memory()["total_mb"]
        return {
            **found,
            "limited": found["state"] == "absent" or bool(last and not last.definitions),
            "engine": {
                "answers": last is not None,
                "version": last.version if last else note["engine"],
                "definitions": last.definitions if last else "",
                "asked": asked,
            },
            "auto": self._automatic(values),
            "updating": self.since,
            "due": self.due(values) or 0.0,
            **{name: note[name] for name in ("tried", "ok", "text", "next", "failures", "checked", "changed")},
            "memory": {"engine_mb": ENGINE_MB, "total_mb": total_mb, "enough": total_mb >= MACHINE_MB},
        }

    def update(self, who: str = OURSELVES, where: str = "") -> dict[str, Any]:
        """Begin a download in the background, unless one is under way; answers as `read`. Raises Invalid."""
        if not self.settings.values()["security.antivirus"]["enabled"]:
            raise Invalid("The antivirus engine is switched off.", field="enabled", next="Switch it on and apply.")
        if self.turn.acquire(blocking=False):
            self.since = self.clock.now()
            threading.Thread(target=self._in_turn, args=(who, where), name="definitions", daemon=True).start()
        return self.read()

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`: download whenever it is due."""
        while not stop.wait(LOOK_EVERY_S):
            due = self.due(self.settings.values())
            if due is not None and due <= self.clock.now() and self.turn.acquire(blocking=False):
                self.since = self.clock.now()
                self._in_turn(OURSELVES, "")

    def due(self, values: AllValues) -> float | None:
        """When the next download is due; None when none comes by itself."""
        note, first = self._note(), self.began + FIRST_AFTER_S
        if not self._automatic(values):
            return None
        # What failed is tried again at once with another mirror or proxy.
        failed = note["failures"] and note["asked"] == _asked(values)
        if self.ports.definitions()["state"] == "absent" and not failed:
            return first if self.ports.memory()["total_mb"] >= MACHINE_MB else None
        # A time to come was written while the clock was wrong.
        tried = note["tried"] if note["tried"] <= self.clock.now() else 0.0
        if note["failures"] and tried:
            return max(first, note["again"]) if failed else first
        return max(first, self._after(tried, values))

    def _automatic(self, values: AllValues) -> bool:
        return bool(values["security.antivirus"]["enabled"] and values["security.antivirus"]["auto_update"])

    def _after(self, tried: float, values: AllValues) -> float:
        """The first time for an update after the last one: at our minute of the hour that is set, or some hours on."""
        hour = values["security.antivirus"]["update_hour"]
        every_s = int(values["security.antivirus"]["update_every"]) * HOUR_S
        name = values["mail_delivery.general"]["hostname"]
        day = time.localtime(tried)[:3]
        begin = time.mktime((*day, hour, 0, 0, 0, 0, -1)) + zlib.crc32(name.encode()) % HOUR_S - DAY_S
        while begin <= tried:
            begin += every_s
        return begin

    def _in_turn(self, who: str, where: str) -> None:
        """Download, and remember how it went. The caller has taken the turn."""
        try:
            before = self.ports.definitions()["files"]
            failed = self._download(self.settings.values())
            fresh = _versions(self.ports.definitions()["files"]) != _versions(before)
            taken = self._take() if fresh else None
            self._told(failed or taken, fresh, who, where)
        except Exception:
            LOG.exception("virus definitions")
            self._told(NOT_STARTED, False, who, where)
        finally:
            self.since = 0.0
            self.turn.release()

    def _download(self, values: AllValues) -> Failure | None:
        if self.ports.free_mb() < ROOM_MB:
            return NO_ROOM_LEFT
        try:
            source = _source(values)
            run = self.ports.fetch(source, self.ports.memory()["total_mb"], self._forgets(values))
        except Problem as reason:
            return Failure(reason.message, reason.next or "")
        except OSError as reason:
            LOG.error("freshclam cannot be started: %s", reason)
            return NOT_STARTED
        now = self.clock.now()
        failed = definitions_words.failure(
            run, bool(source.proxy_server), bool(source.mirror), self.ports.wait_until(), now
        )
        for line in run.lines if failed else ():
            LOG.warning("freshclam: %s", line)
        return failed

    def _forgets(self, values: AllValues) -> bool:
        """Whether what a mirror has asked for no longer counts: it was another one, or the clock was wrong then."""
        ahead_s = self.ports.wait_until() - self.clock.now()
        return ahead_s > WAIT_MAX_S or (ahead_s > 0 and self._note()["asked"] not in (0, _asked(values)))

    def _take(self) -> Failure | None:
        """Have the engine read what is new, and see that it has."""
        daily = next((one["version"] for one in self.ports.definitions()["files"] if one["name"] == "daily"), "")
        self.ports.reload_engine()
        until = self.clock.elapsed() + READ_WITHIN_S
        while self.clock.elapsed() < until:
            last = self.ports.ask_engine()
            if last and last.definitions == daily:
                return None
            self.ports.pause(READ_PAUSE_S)
        return NOT_TAKEN

    def _told(self, failed: Failure | None, fresh: bool, who: str, where: str) -> None:
        note, now = self._note(), self.clock.now()
        self.engine_asked = float("-inf")
        if failed:
            failures = 1 + (note["failures"] if note["asked"] == _asked(self.settings.values()) else 0)
            again = max(now + min(AGAIN_S * 2 ** min(failures - 1, 10), AGAIN_MAX_S), failed.until)
            facts = {"ok": False, "text": failed.text, "next": failed.next, "failures": failures, "again": again}
            text = f"Virus definitions were not updated: {failed.text}"
            said = who != OURSELVES or note["text"] != failed.text
        else:
            facts = {"ok": True, "text": "", "next": "", "failures": 0, "again": 0.0, "checked": now}
            daily = self.ports.definitions()["version"]
            text = f"Virus definitions are updated to version {daily}." if fresh else "There are no newer definitions."
            said = fresh or who != OURSELVES
        last = self._engine()[1]
        facts |= {"asked": _asked(self.settings.values()), "tried": now}
        facts |= {"changed": now} if fresh else {}
        facts |= {"engine": last.version} if last else {}
        durable.replace(self.note, json.dumps({**note, **facts}))
        if said:
            self.settings.events.add(KIND, text, who=who, where=where)

    def _engine(self) -> tuple[float, engine.Engine | None]:
        """(when it was asked, what it said). Not at every look: while it reads definitions it does not answer."""
        if self.clock.elapsed() - self.engine_asked >= ENGINE_ASKED_EVERY_S:
            self.engine_asked = self.clock.elapsed()
            self.engine = self.clock.now(), self.ports.ask_engine()
        return self.engine

    def _note(self) -> dict[str, Any]:
        usual = {"tried": 0.0, "ok": False, "text": "", "next": "", "failures": 0, "again": 0.0}
        usual |= {"checked": 0.0, "changed": 0.0, "engine": "", "asked": 0}
        try:
            return {**usual, **json.loads(self.note.read_text())}
        except (OSError, ValueError):
            return usual


def _versions(files: list[dict[str, Any]]) -> dict[str, str]:
    return {one["name"]: one["version"] for one in files}


def _asked(values: AllValues) -> int:
    """A number that differs once another mirror or proxy is set."""
    page = values["security.antivirus"]
    told = [page[name] for name in sorted(page) if name == "mirror" or name.startswith("proxy")]
    return zlib.crc32(repr([str(one) for one in told]).encode())


def _source(values: AllValues) -> Source:
    """From where, with the proxy's password opened. Raises Problem when this server's key does not fit."""
    mirror = values["security.antivirus"]["mirror"]
    if not values["security.antivirus"]["proxy"]:
        return Source(mirror)
    return Source(
        mirror,
        values["security.antivirus"]["proxy_server"],
        values["security.antivirus"]["proxy_port"],
        values["security.antivirus"]["proxy_account"],
        sealed.plain(values["security.antivirus"]["proxy_password"], PASSWORD),
    )
