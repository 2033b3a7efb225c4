"""All daemons' files as one configuration: rendered, checked, swapped and put to work together.

A configuration is a folder `conf/rev-N` with one folder a daemon. `conf/current` is a symbolic link to the one in
force; a swap replaces the link in one step (rename(2)).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from mailroom.core import paths, root_files
from mailroom.core.durable import sync_folder
from mailroom.daemons import supervise
from mailroom.daemons.order import BY_ID, DAEMONS
from mailroom.daemons.order import wanted as wanted
from mailroom.daemons.render import TemplateError
from mailroom.daemons.shape import Daemon, DaemonFailed, Facts

SETTLED_S = 5.0
PASSED_THROUGH = 0o711
Rendered = dict[str, dict[str, str]]


def render(facts: Facts) -> Rendered:
    """{daemon id: {file: text}} for these facts. Raises DaemonFailed when a template is broken."""
    rendered: Rendered = {}
    for daemon in DAEMONS:
        try:
            rendered[daemon.id] = daemon.files(facts)
        except TemplateError as reason:
            raise DaemonFailed(f"The template of {daemon.title} is broken: {reason}.", daemon=daemon.id) from reason
    return {name: files for name, files in rendered.items() if files}


def write(folder: Path, rendered: Rendered) -> None:
    """Write `rendered` into the fresh `folder`, on disk before this returns. Raises OSError."""
    # Nobody reads these files before they are complete. Postfix, which cannot know that, waits with a file until it is
    # two seconds old; so they are that from the start.
    settled = time.time() - SETTLED_S
    for name, files in rendered.items():
        for file, text in files.items():
            target = folder / name / file
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w") as out:
                out.write(text)
                out.flush()
                os.utime(out.fileno(), (settled, settled))
                os.fsync(out.fileno())
    folder.chmod(PASSED_THROUGH)
    for name in rendered:
        _let_read(folder / name, BY_ID[name])


def _let_read(folder: Path, daemon: Daemon) -> None:
    """Whatever the umask is: a daemon's own group reads its files, everybody those that are public, root the rest."""
    group = _group(daemon.reader)
    public = {folder / name for name in daemon.public}
    ways = {parent for file in public for parent in file.parents}
    for made in (folder, *folder.rglob("*")):
        if made in ways:
            made.chmod(PASSED_THROUGH)
        elif made in public:
            made.chmod(0o644)
        else:
            os.chown(made, -1, group, follow_symlinks=False)
            # What a tool makes beside the files is of the same group (chmod(2), S_ISGID).
            made.chmod((0o2750 if made.is_dir() else 0o640) if group else (0o700 if made.is_dir() else 0o600))


def _group(name: str) -> int:
    """Its number; root's when there is none, as outside the bundle."""
    try:
        return root_files.group_id(name) if name and os.geteuid() == 0 else 0
    except KeyError:
        return 0


def check(folder: Path, rendered: Rendered, daemons: Iterable[str] | None = None) -> None:
    """Let each daemon's own checker read its files in `folder`. Raises DaemonFailed of the first that objects.

    What is made of the files is made for all: a fresh folder lacks it, whether the files have changed or not.
    """
    for name in rendered if daemons is None else daemons:
        if name in rendered:
            BY_ID[name].check(folder / name)
    for name in rendered:
        BY_ID[name].compile(folder / name)


def current() -> Path | None:
    """The folder in force, or None before the first Apply."""
    try:
        return paths.CONF / os.readlink(paths.CURRENT)
    except FileNotFoundError:
        return None


def swap(folder: Path) -> Path | None:
    """Put `folder` in force, in one step; the folder that was in force before is returned."""
    before = current()
    fresh = paths.CONF / ".current-new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.name)
    fresh.replace(paths.CURRENT)
    sync_folder(paths.CONF)
    return before


def remove(folder: Path) -> None:
    """Remove a configuration that is not in force."""
    if folder != current():
        shutil.rmtree(folder, ignore_errors=True)


def reload(daemons: Iterable[str], facts: Facts) -> None:
    """Start what these facts newly want, stop what they no longer want, and make `daemons` take `conf/current`.

    Raises DaemonFailed.
    """
    up = set(wanted(facts))
    supervise.bring(up)
    for name in _in_order(daemons):
        if name in up and supervise.is_up(name):
            BY_ID[name].reload()


def probe(daemons: Iterable[str], facts: Facts) -> None:
    """Ask each of `daemons` that should run whether it serves as wanted. Raises DaemonFailed."""
    up = set(wanted(facts))
    for name in _in_order(daemons):
        if name in up:
            BY_ID[name].probe(facts)


def _in_order(daemons: Iterable[str]) -> list[str]:
    asked = set(daemons)
    return [daemon.id for daemon in DAEMONS if daemon.id in asked]
