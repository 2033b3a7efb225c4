"""The quarantine's folder: what the filter keeps there (filtering/actions/quarantine.py), read and removed.

It is the filter's, which reads strangers' bytes: root does nothing there with root's own rights, follows no link, and
believes no more of a note than its shape.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailroom.core import paths, root_files

USER = "mailroom"
ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# 1,000 recipients of up to 1,000 letters, each letter written as up to six bytes (JSON in ASCII).
NOTE_BYTES_MAX = 8 * 1024 * 1024
# More are counted by their files, and not read.
READ_MAX = 10_000
# A message without a note is one whose sender was not answered; or it is just being written.
TORN_S = 3_600.0
# In an SMTP envelope nothing else can stand.
ENVELOPE = re.compile(r"[^\x00-\x1f\x7f<>\u2028\u2029\ud800-\udfff]{0,1000}")


@dataclass(frozen=True)
class Kept:
    """One message. checks: (check, what it found). client: (address, name, HELO). from_, subject: as they came."""

    id: str
    time: float
    sender: str
    recipients: tuple[str, ...]
    size: int
    checks: tuple[tuple[str, str], ...]
    from_: str
    subject: str
    client: tuple[str, str, str]
    daemon: str
    tls: str
    login: str
    smtputf8: bool


def is_id(text: str) -> bool:
    """Whether it can be a message's number."""
    return ID.fullmatch(text) is not None


class Folder:
    """The folder. Each method raises OSError."""

    def __init__(self, path: Path = paths.QUARANTINE) -> None:
        self.path = path
        self.known: dict[str, Kept] = {}

    def all(self, limit: int = READ_MAX) -> tuple[int, list[Kept]]:
        """(how many there are, the newest of them)."""
        with root_files.acting_as(USER):
            names = sorted(self._names(), reverse=True)
            found = [one for id, day in names[:limit] if (one := self._read(id, day)) is not None]
        self.known = {one.id: one for one in found}
        return len(names), found

    def one(self, id: str) -> Kept | None:
        """The message of this number."""
        with root_files.acting_as(USER):
            day = self._day(id)
            return self._read(id, day) if day else None

    def holding(self, ids: Iterable[str]) -> set[str]:
        """Which of these messages are here."""
        with root_files.acting_as(USER):
            return {id for id in ids if self._day(id)}

    def piece(self, id: str, offset: int, length: int) -> tuple[int, bytes] | None:
        """(bytes of the whole message, some of them), or None when there is no such message."""
        with root_files.acting_as(USER):
            day = self._day(id)
            if not day:
                return None
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            handle = os.open(self.path / day / f"{id}.eml", flags)
            try:
                return os.fstat(handle).st_size, os.pread(handle, length, offset)
            finally:
                os.close(handle)

    def remove(self, id: str) -> bool:
        """Whether there was such a message, which is gone now. The note goes last: what is half removed is shown."""
        with root_files.acting_as(USER):
            day = self._day(id)
            if not day:
                return False
            (self.path / day / f"{id}.eml").unlink(missing_ok=True)
            (self.path / day / f"{id}.json").unlink(missing_ok=True)
        self.known.pop(id, None)
        return True

    def sweep(self, before: float, bytes_max: int, now: float) -> list[str]:
        """Remove what came earlier, and the oldest of what is too much; the numbers of what is gone."""
        with root_files.acting_as(USER):
            held, gone = 0, []
            for id, day in sorted(self._names(), reverse=True):
                arrived, size = self._facts_of_file(id, day)
                held += size
                if arrived < before or held > bytes_max:
                    gone.append(id)
                    (self.path / day / f"{id}.eml").unlink(missing_ok=True)
                    (self.path / day / f"{id}.json").unlink(missing_ok=True)
            self._remove_torn(now)
        return gone

    def _facts_of_file(self, id: str, day: str) -> tuple[float, int]:
        try:
            found = os.stat(self.path / day / f"{id}.eml", follow_symlinks=False)
        except FileNotFoundError:
            return 0.0, 0
        return found.st_mtime, found.st_blocks * 512

    def _remove_torn(self, now: float) -> None:
        """Files whose other half never came, and days without any."""
        for day in self._days():
            folder = self.path / day
            whole = {id for id, _ in self._names(day)}
            for file in os.listdir(folder):
                if file.partition(".")[0] not in whole and self._is_older(folder / file, now - TORN_S):
                    with suppress(OSError):
                        (folder / file).unlink()
            if day != time.strftime("%Y-%m-%d", time.gmtime(now)):
                with suppress(OSError):
                    folder.rmdir()

    def _is_older(self, file: Path, than: float) -> bool:
        try:
            return os.stat(file, follow_symlinks=False).st_mtime < than
        except OSError:
            return False

    def _days(self) -> list[str]:
        try:
            return [name for name in os.listdir(self.path) if DAY.fullmatch(name)]
        except FileNotFoundError:
            return []

    def _names(self, only: str = "") -> Iterator[tuple[str, str]]:
        """(number, day) of each message that has its note."""
        for day in [only] if only else self._days():
            with suppress(NotADirectoryError, FileNotFoundError):
                for file in os.listdir(self.path / day):
                    id = file.removesuffix(".json")
                    if id != file and is_id(id):
                        yield id, day

    def _day(self, id: str) -> str:
        if not is_id(id):
            return ""
        return next((day for day in self._days() if (self.path / day / f"{id}.json").is_file()), "")

    def _read(self, id: str, day: str) -> Kept | None:
        if id in self.known:
            return self.known[id]
        try:
            facts = json.loads(root_files.read(self.path / day / f"{id}.json", NOTE_BYTES_MAX))
            return kept(id, facts)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            # Removed meanwhile, or no note of ours.
            return None


def kept(id: str, facts: dict[str, Any]) -> Kept:
    """What a note says. Notes of former versions have less. Raises ValueError, KeyError or TypeError."""
    sender, recipients = str(facts["sender"]), tuple(map(str, facts["recipients"]))
    if not all(ENVELOPE.fullmatch(one) for one in (sender, *recipients)):
        raise ValueError(id)
    checks = [(str(check), str(detail)) for check, detail in facts.get("checks", ())]
    checks += [("clamav", str(virus)) for virus in facts.get("viruses", ())]
    address, name, helo = map(str, facts.get("client", ("", "", "")))
    daemon, tls, login = (str(facts.get(key, "")) for key in ("daemon", "tls", "login"))
    return Kept(
        id,
        float(facts["time"]),
        sender,
        recipients,
        int(facts["size"]),
        tuple(checks),
        str(facts.get("from", "")),
        str(facts.get("subject", "")),
        (address, name, helo),
        daemon,
        tls,
        login,
        bool(facts.get("smtputf8", False)),
    )
