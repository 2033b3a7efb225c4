"""The story of a setting: clean, refuse the stale, record, render, check, swap, reload, probe, tell.

A failed check changes nothing. A failed reload or probe puts the former configuration back. Either way the answer
names the daemon that objected and the setting at fault.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailroom.core import paths, sealed
from mailroom.core import settings as declared
from mailroom.core.clock import Clock, SystemClock
from mailroom.core.lists import edited, is_edit, with_ids
from mailroom.core.problems import ApplyFailed, Invalid, Problem, Stale
from mailroom.core.sealed import is_mask
from mailroom.core.settings import AllValues, Values
from mailroom.daemons.shape import Facts
from mailroom.flows.kept_secrets import without_misplaced
from mailroom.flows.setting_blame import setting_at_fault
from mailroom.flows.setting_difference import differences, digests
from mailroom.flows.setting_exchange import Configuration, Exchange, failing_as
from mailroom.store.events import EventStore
from mailroom.store.settings import APPLIED, FAILED, Revision, SettingsStore

LOG = logging.getLogger("mailroom.settings")


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
        self.exchange = Exchange(configuration, folders)
        self.turn = threading.RLock()
        # Called with the settings before and after a change. Each raises Invalid for what the machine cannot do now.
        self.judges: list[Callable[[AllValues, AllValues], None]] = []
        # The same for what is allowed, but may not be meant: each tells [{field, text}].
        self.advisers: list[Callable[[AllValues, AllValues], list[dict[str, str]]]] = []
        # {name: text} of what Postfix looks up, as these settings make it: shown with the daemons' files.
        self.looked_up: Callable[[AllValues], dict[str, str]] = lambda _: {}

    def current(self) -> Revision:
        """The revision in force. Raises Problem before the first set-up."""
        found = self.store.current()
        if found is None:
            raise Problem("The server has not been set up yet.", code="not_set_up", next="Finish the set-up wizard.")
        return found

    def values(self) -> AllValues:
        """All settings in force; a setting that is newer than the revision has its default."""
        return complete(self.current().settings)

    def is_applying(self) -> bool:
        """Whether an Apply, or anything else that may make a revision, is under way."""
        if self.turn.acquire(blocking=False):
            self.turn.release()
            return False
        return True

    def apply(self, base: int, wanted: AllValues, author: Author, note: str = "") -> dict[str, Any]:
        """Put changed settings in force: {revision, changed, reloaded, warnings, took_ms}.

        base: the revision that the author looked at. wanted: {page: {key: value}}, only what should change.
        Raises Invalid, Stale or ApplyFailed; then everything is as before.
        """
        with self.turn:
            started = self.clock.elapsed()
            now = self.current()
            before = complete(now.settings)
            after = cleaned(before, wanted)
            after |= checked({page: kept for page, kept in after.items() if page not in wanted})
            self.refuse_stale(base, now, wanted)
            self.judge(before, after)
            changes = differences(before, after)
            if not changes:
                return {"revision": now.number, "changed": [], "reloaded": [], "warnings": [], "took_ms": 0}
            number, reloaded = self._put_in_force(before, after, changes, author, note)
            names = ", ".join(change["title"] for change in changes)
            self.tell(f"Applied: {names}.", who=author.who, where=author.where, revision=number)
            took_ms = round((self.clock.elapsed() - started) * 1000)
            done = {"revision": number, "changed": changes, "reloaded": reloaded}
            return {**done, "warnings": self.advise(before, after), "took_ms": took_ms}

    def judge(self, before: AllValues, after: AllValues) -> None:
        """Raises Invalid when the machine beneath cannot do what is asked."""
        for judge in self.judges:
            judge(before, after)

    def advise(self, before: AllValues, after: AllValues) -> list[dict[str, str]]:
        """[{field, text}] of what a change brings with it that may not be meant."""
        return [told for adviser in self.advisers for told in adviser(before, after)]

    def refuse_stale(self, base: int, now: Revision, wanted: AllValues) -> None:
        """Raises Stale, with each change since `base` and the author's own beside it, when `base` is not in force."""
        if base == now.number:
            return
        missed = []
        for revision in self.store.since(base):
            for change in revision.changes:
                told = {**change, "theirs": change["new"], "who": revision.who, "when": revision.time}
                mine = declared.shown(change["page"], wanted.get(change["page"], {}))
                missed.append(told | ({"yours": mine[change["key"]]} if change["key"] in mine else {}))
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
        now, then = self.facts_for(after), self.facts_for(before)
        try:
            with failing_as("check_failed"):
                rendered, rendered_before = self.configuration.render(now), self.configuration.render(then)
            folder = self.folders / f"rev-{number}"
            with self.exchange.put_in_force(folder, rendered, rendered_before, now, then) as reloaded:
                self.store.finish(number, APPLIED, digests(rendered))
        except Exception as reason:
            self._give_up(number)
            if isinstance(reason, ApplyFailed):
                raise self._with_setting(reason, before, after, changes) from reason
            raise
        return number, reloaded

    def _give_up(self, number: int) -> None:
        try:
            self.store.finish(number, FAILED)
        except Problem as reason:
            # Left as `applying`: the next start sees that it was not swapped in, and closes it.
            LOG.error("%s", reason.message)

    def _with_setting(
        self, failed: ApplyFailed, before: AllValues, after: AllValues, changes: list[dict[str, Any]]
    ) -> ApplyFailed:
        """The same failure with the setting at fault; none is named when the stored settings were not valid before."""
        daemon = str(failed.more["daemon"])
        fault = None
        with contextlib.suppress(Invalid):
            before = checked(before)
            fault = setting_at_fault(self.configuration, self.facts_for, before, after, changes, daemon, self.folders)
        self.tell(f"Not applied: {failed.message}", daemon=daemon, setting=fault)
        return ApplyFailed(
            failed.message,
            code=failed.code,
            setting=fault,
            field=fault.rpartition(".")[2] if fault else None,
            next=failed.next or "Nothing was changed. Correct this setting, or put it back.",
            **failed.more,
        )

    def tell(self, text: str, **facts: Any) -> None:
        """Write an event. What was done stays done when it cannot be written."""
        try:
            self.events.add("settings", text, **facts)
        except Problem as reason:
            LOG.error("%s (%s)", text, reason.message)


def complete(values: AllValues) -> AllValues:
    """Stored values as declared today: new settings get their defaults, settings that are gone are left out.

    New settings that would change how a server treats mail get what was so before (`earlier` in core/settings.py).
    """
    full = declared.defaults()
    for (page, key), value in declared.earlier().items():
        full[page][key] = value
    for page, keys in full.items():
        stored = values.get(page, {}).items()
        keys.update({key: declared.from_store(page, key, value) for key, value in stored if key in keys})
    return full


def checked(values: AllValues) -> AllValues:
    """All settings, each page by its own rules: to be called before the daemons' files are made of stored ones.

    Raises Invalid with the setting at fault. A rule that becomes stricter needs a step in store/settings.py.
    """
    found: AllValues = {}
    for page, kept in values.items():
        try:
            found[page] = declared.stored(page, kept)
        except Invalid as reason:
            title = declared.page_named(page).title
            raise Invalid(
                f"A stored value of {title} is not valid: {reason.message}",
                field=reason.field,
                setting=reason.setting,
                next="The configuration in force stays. Correct this setting, or put an earlier revision back.",
                **reason.more,
            ) from None
    return found


def cleaned(before: AllValues, wanted: AllValues) -> AllValues:
    """`before` with `wanted` on top, each touched page checked. Raises Invalid or NotFound."""
    after = {page: dict(values) for page, values in before.items()}
    for page, changed in wanted.items():
        declared.page_named(page)
        merged: Values = {**before[page], **{key: _wanted(before, page, key, value) for key, value in changed.items()}}
        after[page] = declared.clean(page, without_misplaced(page, before[page], changed, merged))
    return after


def _wanted(before: AllValues, page: str, key: str, value: Any) -> Any:
    """What a setting becomes: an edit of a list is carried out, every new item gets its id, a secret may stay."""
    if key not in before[page]:
        return value
    if declared.item_of(page, key) is not None:
        value = edited(before[page][key], value) if is_edit(value) else value
        value = with_ids(value) if isinstance(value, list) else value
    known = declared.secrets_in(page, {key: before[page][key]})

    def kept(name: str, given: Any) -> Any:
        return known.get(name, "") if is_mask(given) else given

    return sealed.each(page, {key: value}, declared.places_of_secrets(page), kept)[key]
