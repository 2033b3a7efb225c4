"""Files on their way into a message: kept for a day, each visible to its owner alone."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mailroom.core import paths
from mailroom.core.problems import Invalid, NotFound, Unavailable
from mailroom.web.portal import words
from mailroom.web.spool import spool

KEPT_S = 86_400.0
# The ending of the notes of portal/outgoing.py. A holiday is shorter.
UNSENT, UNSENT_KEPT_S = ".held", 90 * 86_400.0
EACH_USER_MAX = 200
# Somebody may write several long messages in one day.
EACH_USER_TIMES = 8
ID = re.compile(r"[A-Za-z0-9_-]{22}")
CHUNK = 256 * 1024
NAME_LETTERS_MAX = 200


@dataclass(frozen=True)
class Upload:
    """A file that was uploaded. kind: its MIME type."""

    id: str
    name: str
    kind: str
    size: int
    file: Path


def folder_of(user: str) -> Path:
    """Where this user's files are. The name is a digest: no user's name can lead anywhere else."""
    return paths.UPLOADS / hashlib.sha256(user.encode()).hexdigest()[:32]


def take(user: str, name: str, kind: str, stream: IO[bytes], length: int, bytes_max: int) -> Upload:
    """Keep a file. Raises Invalid when it is too large or too many are kept, Unavailable on a full disk."""
    if length <= 0:
        raise Invalid("The file is empty.", field="name", fields={"name": "The file is empty."})
    folder = folder_of(user)
    try:
        _make_room(folder, length, bytes_max)
        made = Upload(secrets.token_urlsafe(16), plain_name(name), kind, length, folder / "none")
        return _write(made, folder, stream)
    except OSError as reason:
        raise Unavailable("The file cannot be kept just now.", next="Try again later.") from reason


def _make_room(folder: Path, length: int, bytes_max: int) -> None:
    """Raises Invalid when too much is kept already."""
    folder.mkdir(mode=0o700, exist_ok=True)
    kept = [one.stat().st_size for one in folder.glob("*.data")]
    if len(kept) >= EACH_USER_MAX or sum(kept) + length > bytes_max * EACH_USER_TIMES:
        raise Invalid("Too many files wait to be sent.", next="Remove some, or send the messages they are for.")


def restore(user: str, id: str, name: str, kind: str, pieces: Iterable[bytes], bytes_max: int) -> Upload:
    """Keep a file of a stored message under an id that is known already. Raises Invalid and Unavailable as `take`."""
    with suppress(NotFound):
        return find(user, id)
    folder = folder_of(user)
    try:
        _make_room(folder, 0, bytes_max)
        with spool() as content:
            content.writelines(pieces)
            length = content.tell()
            content.seek(0)
            return _write(Upload(id, plain_name(name), kind, length, folder / "none"), folder, content)
    except OSError as reason:
        raise Unavailable("The file cannot be kept just now.", next="Try again later.") from reason


def id_for(name: str) -> str:
    """The id of a file that is known by a name of ours: the same each time."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()[:16]).decode().rstrip("=")


def renew(user: str, upload: Upload) -> None:
    """It is in use: kept for a day from now."""
    for file in (upload.file, folder_of(user) / f"{upload.id}.json"):
        with suppress(OSError):
            os.utime(file)


def _write(upload: Upload, folder: Path, stream: IO[bytes]) -> Upload:
    """Under a name of its own until it is whole: two tabs may open one draft, and bring back its files, at once."""
    file = folder / f"{upload.id}.data"
    own = secrets.token_hex(8)
    fresh, note = folder / f"{own}.part", folder / f"{own}.note"
    left = upload.size
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            while left > 0 and (chunk := stream.read(min(CHUNK, left))):
                out.write(chunk)
                left -= len(chunk)
        if left:
            raise Invalid("The file did not arrive whole.", next="Upload it again.")
        facts = {"name": upload.name, "kind": upload.kind, "size": upload.size}
        note.write_text(json.dumps(facts))
        fresh.rename(file)
        # Last: without it nobody finds the file.
        note.rename(folder / f"{upload.id}.json")
    except BaseException:
        fresh.unlink(missing_ok=True)
        note.unlink(missing_ok=True)
        raise
    return Upload(upload.id, upload.name, upload.kind, upload.size, file)


def find(user: str, id: str) -> Upload:
    """One of the user's own files. Raises NotFound."""
    if ID.fullmatch(id):
        folder = folder_of(user)
        with suppress(OSError, ValueError, KeyError):
            facts = json.loads((folder / f"{id}.json").read_text())
            file = folder / f"{id}.data"
            if file.stat().st_size == facts["size"]:
                return Upload(id, facts["name"], facts["kind"], facts["size"], file)
    raise NotFound("This file is no longer there.", field="attachments", next="Attach it again.")


def drop(user: str, id: str) -> None:
    """Forget a file. Raises NotFound."""
    found = find(user, id)
    found.file.unlink(missing_ok=True)
    found.file.with_suffix(".json").unlink(missing_ok=True)


def sweep(now: Callable[[], float] = time.time) -> None:
    """Remove what is older than a day, and what was left half done.

    What says that a message was not sent stays until its sender has read it, with what says whether it has left.
    """
    with suppress(OSError):
        for folder in paths.UPLOADS.iterdir():
            if not folder.is_dir():
                continue
            for file in folder.iterdir():
                with suppress(OSError):
                    is_unread = file.with_suffix(UNSENT).exists()
                    if now() - file.stat().st_mtime > (UNSENT_KEPT_S if is_unread else KEPT_S):
                        file.unlink()
            with suppress(OSError):
                folder.rmdir()


def plain_name(name: str) -> str:
    """A file's name without folders and without what could trick an eye or a header."""
    bare = words.BIDI.sub("", re.sub(r"[\x00-\x1f\x7f]", "", name)).replace("\\", "/").rpartition("/")[2].strip(" .")
    return bare[:NAME_LETTERS_MAX] or "file"


def free_space_b() -> int:
    """Bytes that are free where the files are."""
    return shutil.disk_usage(paths.UPLOADS).free
