"""On which volume the mailboxes lie, and moving to another one while there is no mail yet (row SW07, decision 0009).

Without a choice they lie in the shared folder on the package's own volume. A chosen volume has a store of its own with
an id in it; package/bin/instance mounts it only when that id is found there, and says in MISSING when it is not.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mailroom.core import durable, paths
from mailroom.core.lines import lines
from mailroom.core.problems import Problem
from mailroom.daemons.boot import prepare_mail
from mailroom.daemons.command import run
from mailroom.daemons.shape import DaemonFailed

OUTSIDE = paths.RUN / "outside" / "root"
MOUNTS = Path("/proc/self/mountinfo")
# Two lines: the volume, the id of its store. package/bin/places reads it, too.
CHOICE = paths.DATA / "mail-volume"
MISSING = paths.DATA / "run" / "mail-missing"
# Who needs the mailboxes: without them these do not run.
SERVICES = ("postfix", "dovecot")
FOLDER, ID_FILE = "@mailroom/mail", ".store"
VOLUME = re.compile(r"/volume\d+")
MESSAGE = re.compile(r"u\.\d+")
UNMOUNT_LIMIT_S = 10.0
PAUSE_S = 0.2


@dataclass(frozen=True)
class Volume:
    """One volume of the NAS. current: whether the mailboxes lie there."""

    id: str
    title: str
    free_mb: int
    total_mb: int
    current: bool
    writable: bool


def package_volume() -> str:
    """The volume of the package itself."""
    found = VOLUME.match(os.environ.get("MAILROOM_TARGET", ""))
    return found[0] if found else "/volume1"


def current() -> str:
    """The volume on which the mailboxes lie, or should lie."""
    return _choice()[0] or package_volume()


def missing() -> str:
    """The chosen volume whose store was not found when the instance started, or ""."""
    try:
        return MISSING.read_text().strip()
    except OSError:
        return ""


def volumes(outside: Path = OUTSIDE, mounts: Path = MOUNTS) -> list[Volume]:
    """The NAS's internal volumes that are there now, in order."""
    points = {point.removeprefix(str(outside)) for point in _mount_points(mounts) if point.startswith(str(outside))}
    found = {package_volume(), *filter(VOLUME.fullmatch, points)}
    return [_volume(name, outside) for name in sorted(found, key=lambda name: int(name.removeprefix("/volume")))]


def _volume(name: str, outside: Path) -> Volume:
    mega = 1024 * 1024
    try:
        facts = os.statvfs(outside / name.lstrip("/"))
    except OSError:
        return Volume(name, _title(name), 0, 0, name == current(), False)
    return Volume(
        name,
        _title(name),
        facts.f_bavail * facts.f_frsize // mega,
        facts.f_blocks * facts.f_frsize // mega,
        name == current(),
        not facts.f_flag & os.ST_RDONLY,
    )


def _mount_points(mounts: Path) -> set[str]:
    """Where something is mounted (proc_pid_mountinfo(5))."""
    return {line.split()[4] for line in lines(mounts.read_text())}


def _title(name: str) -> str:
    """As Storage Manager calls it."""
    return f"Volume {name.removeprefix('/volume')}"


def has_mail(folder: Path = paths.MAIL / "mailboxes") -> bool:
    """Whether any message lies in a mailbox; only file names are looked at (sdbox: u.NUMBER)."""
    return any(MESSAGE.fullmatch(file) for _, _, files in os.walk(folder) for file in files)


def make_store(volume: str, outside: Path = OUTSIDE) -> str:
    """Make an empty store on another volume; its id. Raises Problem when it holds mail already, or OSError."""
    folder = outside / volume.lstrip("/") / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if has_mail(folder):
        raise Problem(
            f"{_title(volume)} holds mail of another installation.",
            code="volume_used",
            field="volume",
            next=f"Move the folder {volume}/{FOLDER} away, or choose another volume.",
        )
    store = secrets.token_hex(16)
    _write(folder / ID_FILE, f"{store}\n")
    return store


def remove_store(volume: str, outside: Path = OUTSIDE) -> None:
    """Take away a store that was made and not used; what holds anything stays."""
    folder = outside / volume.lstrip("/") / FOLDER
    if has_mail(folder):
        return
    with suppress(OSError):
        (folder / ID_FILE).unlink(missing_ok=True)
        for empty in (folder / "mailboxes", folder, folder.parent):
            if empty.is_dir():
                empty.rmdir()


def use(volume: str, store: str, outside: Path = OUTSIDE) -> None:
    """Let the mailboxes lie on `volume` from now on. Nothing may use /mail meanwhile. Doing it again does no harm.

    store: the id of its store, "" for the package's own volume. Raises DaemonFailed or OSError; what is in force then
    follows from CHOICE alone, so the caller can call again with the former.
    """
    if store:
        _write(CHOICE, f"{volume}\n{store}\n")
        source = outside / volume.lstrip("/") / FOLDER
    else:
        CHOICE.unlink(missing_ok=True)
        durable.sync_folder(CHOICE.parent)
        source = outside / package_volume().lstrip("/") / "Mailroom" / "mail"
        source.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            # It lies in a shared folder: whoever may write there could lead root elsewhere.
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(source))
    if not _is(source, paths.MAIL):
        _unmount(paths.MAIL)
        run("dovecot", ("mount", "--bind", str(source), str(paths.MAIL)))
    MISSING.unlink(missing_ok=True)
    prepare_mail()


def chosen_store() -> str:
    """The id of the store in use, "" on the package's own volume."""
    return _choice()[1]


def _choice() -> tuple[str, str]:
    try:
        volume, store = CHOICE.read_text().split()
    except (OSError, ValueError):
        return "", ""
    return (volume, store) if VOLUME.fullmatch(volume) else ("", "")


def _is(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _unmount(folder: Path) -> None:
    """What was under way in a mailbox ends within a moment of Dovecot's end. Raises DaemonFailed."""
    until = time.monotonic() + UNMOUNT_LIMIT_S
    # Not os.path.ismount: it does not see a folder of the same file system that is mounted here.
    while str(folder) in _mount_points(MOUNTS):
        try:
            run("dovecot", ("umount", str(folder)))
        except DaemonFailed:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE_S)


def _write(file: Path, text: str) -> None:
    """Wholly or not at all, and on disk with its name before this returns."""
    durable.replace(file, text)
    durable.sync_folder(file.parent)
