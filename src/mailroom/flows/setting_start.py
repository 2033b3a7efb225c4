"""The settings at start: the very first revision, and what a power cut left in the middle of an Apply."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.core import settings as declared
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.flows.setting import Settings, cleaned
from mailroom.store.settings import APPLIED, FAILED

ANSWERS = {"domain": ("mail_delivery.general", "domain"), "hostname": ("mail_delivery.general", "hostname")}


def start(settings: Settings, setup: Path = paths.SETUP) -> None:
    """Leave exactly one configuration in force: the newest applied revision, with what the host is like now.

    Raises DaemonFailed when even the first configuration is not accepted, OSError when the disk is full.
    """
    _settle(settings)
    if settings.store.current() is None:
        _first(settings, first_values(setup))
    refresh(settings)
    _sweep(settings)


def first_values(setup: Path) -> AllValues:
    """Defaults with the set-up wizard's answers on top; answers that are no good are left out and can be given later."""
    values = declared.defaults()
    for answer, (page, key) in ANSWERS.items():
        given = _answers(setup).get(answer)
        if given:
            try:
                values = cleaned(values, {page: {key: given}})
            except Invalid:
                continue
    return values


def _answers(setup: Path) -> dict[str, Any]:
    try:
        found = json.loads(setup.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _settle(settings: Settings) -> None:
    """An Apply that a power cut interrupted is wholly there if its folder was swapped in, and wholly not otherwise."""
    in_force = settings.configuration.current()
    for revision in settings.store.unfinished():
        swapped = in_force is not None and number_of(in_force) == revision.number
        settings.store.finish(revision.number, APPLIED if swapped else FAILED)
        word = "completed" if swapped else "undone"
        settings.events.add("settings", f"An interrupted Apply was {word}.", revision=revision.number)


def number_of(folder: Path) -> int:
    """The revision that a folder `rev-N` or `rev-N.K` holds."""
    return int(folder.name.removeprefix("rev-").partition(".")[0])


def _first(settings: Settings, values: AllValues) -> None:
    number = settings.store.begin(
        time=settings.clock.now(), who="Mailroom", where="", note="First set-up", changes=[], settings=values
    )
    settings.store.finish(number, APPLIED)


def refresh(settings: Settings) -> list[str]:
    """Render the settings in force again, because the host changed; ids of the daemons whose files differ.

    Raises DaemonFailed; then the former configuration is in force.
    """
    with settings.turn:
        now = settings.current()
        facts = settings.facts_for(settings.values())
        rendered = settings.configuration.render(facts)
        former = settings.configuration.current()
        touched = [name for name, files in rendered.items() if former is None or on_disk(former / name) != files]
        right_number = former is not None and number_of(former) == now.number
        if not touched and right_number:
            return []
        folder = _free_folder(settings.folders, now.number)
        settings.configuration.write(folder, rendered)
        settings.configuration.check(folder, rendered, touched)
        settings.configuration.swap(folder)
        if former is not None:
            settings.configuration.reload(touched, facts)
            settings.configuration.remove(former)
        return touched


def on_disk(folder: Path) -> dict[str, str]:
    """The rendered files below a daemon's folder, without what its tools left beside them."""
    made_by_tools = {".svbin"}
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix not in made_by_tools
    }


def _free_folder(folders: Path, number: int) -> Path:
    names = [folders / f"rev-{number}", *(folders / f"rev-{number}.{turn}" for turn in range(1, 10_000))]
    return next(folder for folder in names if not folder.exists())


def _sweep(settings: Settings) -> None:
    """Remove configurations that are not in force: left by a power cut."""
    for folder in settings.folders.glob("rev-*"):
        settings.configuration.remove(folder)
