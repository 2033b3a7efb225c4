"""Where certificates lie: a folder each with key and chain, and `current`, a link to the one in force.

A swap replaces the link in one step (rename(2)), so that key and certificate always belong together. Those that were
in force before are kept for a while, to go back to.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailroom.core import paths
from mailroom.core.durable import sync_folder

KEY_FILE, CHAIN_FILE, NOTE_FILE, CURRENT = "key.pem", "cert.pem", "note.json", "current"
KEPT_MAX = 6
SELF_SIGNED, UPLOADED = "self_signed", "uploaded"


@dataclass(frozen=True)
class Entry:
    """One certificate that is kept. id: its folder's name; note: {source, time, who}."""

    folder: Path
    note: dict[str, Any]

    @property
    def id(self) -> str:
        """What it is asked for by."""
        return self.folder.name

    @property
    def chain(self) -> Path:
        """The file with its certificates."""
        return self.folder / CHAIN_FILE

    @property
    def key(self) -> Path:
        """The file with its key."""
        return self.folder / KEY_FILE


class Kept:
    """The certificates in a folder."""

    def __init__(self, folder: Path = paths.TLS) -> None:
        self.folder = folder
        self.link = folder / CURRENT

    def current(self) -> Entry | None:
        """The one in force, when its files are there."""
        try:
            return self.one(os.readlink(self.link))
        except OSError:
            return None

    def one(self, id: str) -> Entry | None:
        """The one with this id, when its files are there."""
        folder = self.folder / id
        whole = id.isdigit() and (folder / KEY_FILE).is_file() and (folder / CHAIN_FILE).is_file()
        return Entry(folder, _note(folder / NOTE_FILE)) if whole else None

    def all(self) -> list[Entry]:
        """All, the newest first."""
        ids = sorted((one.name for one in self.folder.iterdir() if one.name.isdigit()), key=int, reverse=True)
        return [found for id in ids if (found := self.one(id))]

    def add(self, key: bytes, chain: bytes, note: dict[str, Any]) -> Entry:
        """Keep another one; it is on disk before this returns, and not in force. Raises OSError."""
        fresh = self.folder / ".new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o755)
        for name, content, mode in (
            (KEY_FILE, key, 0o600),
            (CHAIN_FILE, chain, 0o644),
            (NOTE_FILE, json.dumps(note).encode(), 0o600),
        ):
            _write(fresh / name, content, mode)
        sync_folder(fresh)
        target = self.folder / str(max((int(one.id) for one in self.all()), default=0) + 1)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
        sync_folder(self.folder)
        return Entry(target, note)

    def use(self, entry: Entry) -> None:
        """Put it in force, in one step, and forget the oldest that are too many. Raises OSError.

        The former one stays, however old it is: it is what one goes back to.
        """
        former = self.current()
        fresh = self.folder / ".current-new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(entry.id)
        fresh.replace(self.link)
        sync_folder(self.folder)
        stay = {one.id for one in (entry, former) if one}
        for old in [one for one in self.all() if one.id not in stay][KEPT_MAX - len(stay) :]:
            shutil.rmtree(old.folder, ignore_errors=True)

    def remove(self, entry: Entry) -> None:
        """Forget one that is not in force."""
        now = self.current()
        if now is None or entry.id != now.id:
            shutil.rmtree(entry.folder, ignore_errors=True)

    def remember(self, entry: Entry, **facts: Any) -> Entry:
        """Add to its note."""
        note = {**entry.note, **facts}
        fresh = entry.folder / ".note-new"
        fresh.unlink(missing_ok=True)
        _write(fresh, json.dumps(note).encode(), 0o600)
        fresh.replace(entry.folder / NOTE_FILE)
        return Entry(entry.folder, note)


def _note(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}


def _write(file: Path, content: bytes, mode: int) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fchmod(out.fileno(), mode)
        os.fsync(out.fileno())
