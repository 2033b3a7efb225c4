"""Dovecot's search index: having folders indexed, its size, and removing it.

Dovecot's own indexer does the work, one folder at a time, so that two never build the same index: squat, whose index
this is, lets the second one spoil what the first has made. Only the index's own files are touched here, never mail.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from mailroom.core import paths
from mailroom.daemons import mail_place
from mailroom.daemons.command import run
from mailroom.daemons.dovecot.daemon import CONFIG
from mailroom.daemons.shape import DaemonFailed

INDEXER = Path("/run/dovecot/indexer")
HELLO = b"VERSION\tindexer\t1\t0\n"
MAILBOXES = paths.MAIL / "mailboxes"
# What squat writes beside Dovecot's own index of a folder, and what fts-xapian, used before it, wrote for each user.
FILES, FORMER = "dovecot.index.search", "xapian-indexes"
FOLDER, LOG = "dbox-Mails", "dovecot.index.log"
LOOK_EVERY_S = 1.0
STATUS_LIMIT_S = 60.0


def there() -> bool:
    """Whether the mailboxes are: without their volume, nobody has any."""
    return MAILBOXES.is_dir() and not mail_place.missing()


def folders(user: str) -> dict[str, int]:
    """{folder: messages} of a mailbox, {} of one that is not there yet. Raises DaemonFailed."""
    if not (MAILBOXES / user).exists():
        return {}
    query = ("-f", "json", "mailbox", "status", "-u", user, "messages", "*")
    told = json.loads(run("dovecot", ("doveadm", "-c", str(CONFIG), *query), timeout_s=STATUS_LIMIT_S) or "[]")
    return {str(one["mailbox"]): int(one["messages"]) for one in told}


def index(user: str, folder: str, given_up: Callable[[], bool], indexer: Path = INDEXER) -> bool:
    """Have a folder indexed up to its newest message; whether it is. Waits until then, or until it is given up.

    A folder that is given up is indexed to its end nevertheless. Raises DaemonFailed when Dovecot cannot be asked.
    """
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(LOOK_EVERY_S)
            link.connect(str(indexer))
            link.sendall(HELLO + f"APPEND\t1\t{escaped(user)}\t{escaped(folder)}\t0\n".encode())
            for line in _lines(link, given_up):
                if line in (b"1\t100", b"1\t-1"):
                    return line == b"1\t100"
    except OSError as reason:
        raise DaemonFailed(f"Dovecot's indexer does not answer ({reason.strerror}).", daemon="dovecot") from reason
    return False


def _lines(link: socket.socket, given_up: Callable[[], bool]) -> Iterator[bytes]:
    """The lines that come, until nobody waits for them any more."""
    rest = b""
    while not given_up():
        try:
            heard = link.recv(4096)
        except TimeoutError:
            continue
        if not heard:
            return
        *whole, rest = (rest + heard).split(b"\n")
        yield from whole


def escaped(text: str) -> str:
    """A word as Dovecot's line protocols take it (str_append_tabescaped)."""
    for letter, code in {"\x01": "1", "\t": "t", "\r": "r", "\n": "n"}.items():
        text = text.replace(letter, f"\x01{code}")
    return text


def size(user: str) -> int:
    """Bytes of a user's index."""
    return sum(_size(file) for file in _files(user))


def changed(user: str) -> float:
    """When anything in a user's mailbox last changed, in seconds since the epoch; 0 of one that is not there yet."""
    logs = (folder / LOG for folder in _index_folders(MAILBOXES / user))
    return max((log.stat().st_mtime for log in logs if log.exists()), default=0.0)


def remove(user: str) -> int:
    """Remove a user's index; how many bytes it had. Searches then read the mail itself."""
    freed = 0
    for file in list(_files(user)):
        freed += _size(file)
        file.unlink(missing_ok=True)
    former = MAILBOXES / user / "sdbox" / FORMER
    if former.is_dir():
        freed += sum(_size(file) for file in former.rglob("*"))
        shutil.rmtree(former, ignore_errors=True)
    return freed


def users_with_mail() -> list[str]:
    """Everybody who has a mailbox, also who is no longer active."""
    return sorted(one.name for one in MAILBOXES.iterdir() if one.is_dir())


def _files(user: str) -> Iterator[Path]:
    for folder in _index_folders(MAILBOXES / user):
        yield from folder.glob(f"{FILES}*")


def _size(file: Path) -> int:
    """Bytes of a file; 0 of one that Dovecot has replaced meanwhile."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:
        return 0


def _index_folders(home: Path) -> Iterator[Path]:
    """Where Dovecot's index of each folder lies. Folders of messages, which can be very full, are not read."""
    for place, names, _ in os.walk(home / "sdbox" / "mailboxes"):
        if FOLDER in names:
            names.remove(FOLDER)
            yield Path(place, FOLDER)
