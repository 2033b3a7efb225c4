"""The story of a setting: clean, refuse the stale, record, render, check, swap, reload, probe, tell.

A failed check changes nothing. A failed reload or probe puts the former configuration back. Either way the answer
names the daemon that objected and the setting at fault.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mailroom.core import paths
from mailroom.core import settings as declared
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.problems import ApplyFailed, Problem, Stale
from mailroom.core.settings import AllValues, Values
from mailroom.daemons.shape import DaemonFailed, Facts
from mailroom.flows.setting_blame import setting_at_fault
from mailroom.flows.setting_difference import changed_daemons, differences
from mailroom.store.events import EventStore
from mailroom.store.settings import APPLIED, FAILED, Revision, SettingsStore

Rendered = dict[str, dict[str, str]]


class Configuration(Protocol):
    """The daemons' side of an Apply (see daemons/configuration.py)."""

    def render(self, facts: Facts) -> Rendered: ...
    def write(self, folder: Path, rendered: Rendered) -> None: ...
    def check(self, folder: Path, rendered: Rendered, daemons: list[str]) -> None: ...
    def current(self) -> Path | None: ...
    def swap(self, folder: Path) -> Path | None: ...
    def remove(self, folder: Path) -> None: ...
    def reload(self, daemons: list[str], facts: Facts) -> None: ...
    def probe(self, daemons: list[str], facts: Facts) -> None: ...


@dataclass(frozen=True)
class Author:
    """Who asks for a change, and from where."""

    who: str
    where: str


class Settings:
    """Everything that can be done with settings. One Apply at a time."""

    def __init__(
        self,
        store: SettingsStore,
        events: EventStore,
        configuration: Configuration,
        facts_for: Callable[[AllValues], Facts],
        clock: Clock | None = None,
        folders: Path = paths.CONF,
    ) -> None:
        self.store, self.events, self.configuration = store, events, configuration
        self.facts_for, self.clock, self.folders = facts_for, clock or SystemClock(), folders
        self.turn = threading.RLock()

    def current(self) -> Revision:
        """The revision in force. Raises Problem before the first set-up."""
        found = self.store.current()
        if found is None:
            raise Problem("The server has not been set up yet.", code="not_set_up", next="Finish the set-up wizard.")
        return found

    def values(self) -> AllValues:
        """All settings in force; a setting that is newer than the revision has its default."""
        return complete(self.current().settings)

    def apply(self, base: int, wanted: AllValues, author: Author, note: str = "") -> dict[str, Any]:
        """Put changed settings in force: {revision, changed, reloaded, took_ms}.

        base: the revision that the author looked at. wanted: {page: {key: value}}, only what should change.
        Raises Invalid, Stale or ApplyFailed; then everything is as before.
        """
        with self.turn:
            started = self.clock.elapsed()
            now = self.current()
            before = complete(now.settings)
            after = cleaned(before, wanted)
            self._refuse_stale(base, now, wanted)
            changes = differences(before, after)
            if not changes:
                return {"revision": now.number, "changed": [], "reloaded": [], "took_ms": 0}
            number, reloaded = self._put_in_force(before, after, changes, author, note)
            names = ", ".join(change["title"] for change in changes)
            self.events.add("settings", f"Applied: {names}.", who=author.who, where=author.where, revision=number)
            took_ms = round((self.clock.elapsed() - started) * 1000)
            return {"revision": number, "changed": changes, "reloaded": reloaded, "took_ms": took_ms}

    def _refuse_stale(self, base: int, now: Revision, wanted: AllValues) -> None:
        if base == now.number:
            return
        missed = [
            {**change, "theirs": change["new"], "who": revision.who, "when": revision.time}
            | ({"yours": wanted[change["page"]][change["key"]]} if change["key"] in wanted.get(change["page"], {}) else {})
            for revision in self.store.since(base)
            for change in revision.changes
        ]
        raise Stale(
            "Somebody else changed the settings meanwhile.",
            next="Look at their changes, then apply yours again.",
            current_revision=now.number,
            changes=missed,
        )

    def _put_in_force(
        self, before: AllValues, after: AllValues, changes: list[dict[str, Any]], author: Author, note: str
    ) -> tuple[int, list[str]]:
        number = self.store.begin(
            time=self.clock.now(),
            who=author.who,
            where=author.where,
            note=note,
            changes=changes,
            settings=after,
        )
        folder = self.folders / f"rev-{number}"
        facts = self.facts_for(after)
        try:
            rendered = self.configuration.render(facts)
            touched = changed_daemons(self.configuration.render(self.facts_for(before)), rendered)
            self.configuration.write(folder, rendered)
            self.configuration.check(folder, rendered, touched)
        except (DaemonFailed, OSError) as reason:
            self._undo(number, folder, None, [], before)
            raise self._told(reason, "check_failed", before, changes) from reason
        former = self.configuration.swap(folder)
        for step, code in ((self.configuration.reload, "reload_failed"), (self.configuration.probe, "probe_failed")):
            try:
                step(touched, facts)
            except DaemonFailed as reason:
                self._undo(number, folder, former, touched, before)
                raise self._told(reason, code, before, changes) from reason
        self.store.finish(number, APPLIED)
        if former is not None:
            self.configuration.remove(former)
        return number, touched

    def _undo(self, number: int, folder: Path, former: Path | None, touched: list[str], before: AllValues) -> None:
        """Back to the former configuration, whatever the daemons say to it: it has worked until now."""
        if former is not None:
            self.configuration.swap(former)
            try:
                self.configuration.reload(touched, self.facts_for(before))
            except DaemonFailed as reason:
                self.events.add("daemon", f"After an undone Apply: {reason.message}")
        self.configuration.remove(folder)
        self.store.finish(number, FAILED)

    def _told(
        self, reason: DaemonFailed | OSError, code: str, before: AllValues, changes: list[dict[str, Any]]
    ) -> ApplyFailed:
        if isinstance(reason, OSError):
            return ApplyFailed(f"The files cannot be written: {reason.strerror}.", code=code, next="Free some space.")
        daemon = str(reason.more.get("daemon", ""))
        fault = setting_at_fault(self.configuration, self.facts_for, before, changes, daemon, self.folders)
        self.events.add("settings", f"Not applied: {reason.message}", daemon=daemon, setting=fault)
        return ApplyFailed(
            reason.message,
            code=code,
            setting=fault,
            field=fault.rpartition(".")[2] if fault else None,
            next="Nothing was changed. Correct this setting, or put it back.",
            daemon=daemon,
        )


def complete(values: AllValues) -> AllValues:
    """Stored values as today's declarations want them: new settings get defaults, settings that are gone are left out."""
    full = declared.defaults()
    for page, keys in full.items():
        keys.update({key: value for key, value in values.get(page, {}).items() if key in keys})
    return full


def cleaned(before: AllValues, wanted: AllValues) -> AllValues:
    """`before` with `wanted` on top, each touched page checked. Raises Invalid or NotFound."""
    after = {page: dict(values) for page, values in before.items()}
    for page, changed in wanted.items():
        declared.page_named(page)
        merged: Values = {**before[page], **changed}
        after[page] = declared.clean(page, merged)
    return after
