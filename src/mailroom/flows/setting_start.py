"""The settings at start: the very first revision, and what a power cut left in the middle of an Apply."""

from __future__ import annotations

import shutil
from pathlib import Path

from mailroom.core import paths
from mailroom.core import settings as declared
from mailroom.core.problems import ApplyFailed, Invalid
from mailroom.flows.setting import Settings, checked
from mailroom.flows.setting_difference import differences
from mailroom.flows.setting_exchange import failing_as
from mailroom.flows.setup import first_settings
from mailroom.store.settings import APPLIED, FAILED

MADE_BY_TOOLS = {".svbin", ".lmdb"}


def start(settings: Settings, setup: Path = paths.SETUP) -> None:
    """Leave exactly one configuration in force: the newest applied revision, with what the host is like now.

    Safe to run again, at the start of the machine and of the job process. A configuration that is not accepted leaves
    the former one in force and is told as an event. Raises ApplyFailed when there is no former one.
    """
    with settings.turn:
        _settle(settings)
        if settings.store.current() is None:
            _first(settings, setup)
        try:
            refresh(settings)
            with failing_as("reload_failed"):
                settings.exchange.settle_debts(settings.facts_for(settings.values()))
        except ApplyFailed as reason:
            if settings.configuration.current() is None:
                raise
            settings.tell(f"The configuration was not renewed: {reason.message}", **reason.more)
        _sweep(settings)


def _settle(settings: Settings) -> None:
    """An Apply that a power cut interrupted is wholly there if its folder was swapped in, and wholly not otherwise."""
    in_force = settings.configuration.current()
    for revision in settings.store.unfinished():
        swapped = in_force is not None and number_of(in_force) == revision.number
        settings.store.finish(revision.number, APPLIED if swapped else FAILED)
        told = "An interrupted Apply was completed." if swapped else "An interrupted Apply was undone."
        settings.tell(told, who=revision.who, revision=revision.number)


def number_of(folder: Path) -> int:
    """The revision that a folder `rev-N` or `rev-N.K` holds."""
    return int(folder.name.removeprefix("rev-").partition(".")[0])


def _first(settings: Settings, setup: Path) -> None:
    found = first_settings(setup)
    number = settings.store.begin(
        time=settings.clock.now(),
        who="Mailroom",
        where="",
        note="First set-up",
        changes=differences(declared.defaults(), found.values),
        settings=found.values,
    )
    settings.store.finish(number, APPLIED)
    for sentence in found.refused:
        settings.tell(f"An answer of the set-up wizard was not taken. {sentence}")


def refresh(settings: Settings) -> list[str]:
    """Render the settings in force again, as host or templates may have changed; ids of daemons whose files differ.

    Raises ApplyFailed; then the former configuration is in force.
    """
    with settings.turn:
        now = settings.current()
        try:
            facts = settings.facts_for(checked(settings.values()))
        except Invalid as reason:
            facts_of_it = {"setting": reason.setting, "field": reason.field, "next": reason.next}
            raise ApplyFailed(reason.message, code="check_failed", daemon="", **facts_of_it) from None
        with failing_as("check_failed"):
            rendered = settings.configuration.render(facts)
        former = settings.configuration.current()
        before = {name: on_disk(former / name) for name in rendered} if former is not None else {}
        if before == rendered and former is not None and number_of(former) == now.number:
            return []
        folder = _free_folder(settings.folders, now.number)
        with settings.exchange.put_in_force(folder, rendered, before, facts, facts) as changed:
            return changed


def on_disk(folder: Path) -> dict[str, str]:
    """The rendered files below a daemon's folder, without what its tools left beside them."""
    return {
        str(file.relative_to(folder)): file.read_text(errors="replace")
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix not in MADE_BY_TOOLS
    }


def _free_folder(folders: Path, number: int) -> Path:
    names = [folders / f"rev-{number}", *(folders / f"rev-{number}.{turn}" for turn in range(1, 10_000))]
    return next(folder for folder in names if not folder.exists())


def _sweep(settings: Settings) -> None:
    """Remove what a power cut left: configurations that are not in force, and trials of a search for the fault."""
    for folder in settings.folders.glob("rev-*"):
        settings.configuration.remove(folder)
    for folder in settings.folders.glob(".blame-*"):
        shutil.rmtree(folder, ignore_errors=True)
