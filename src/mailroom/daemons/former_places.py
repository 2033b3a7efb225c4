"""Files of an installation from before the filter and the web process were users of their own, put where they belong.

Then one user owned /data/db, and could leave anything there. So nothing is followed, and nothing is believed by its
name: what is no plain file is removed, and of a file that has a second name root gets a copy of its own. Each start
does this again; there is nothing to do then.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import stat

from mailroom.core import paths
from mailroom.core.root_files import group_id, user_id

LOG = logging.getLogger("mailroom.boot")
# What the filter writes, with SQLite's own files beside (-wal, -shm).
RECORDS = re.compile(r"(journal-\d{4}-\d\d-\d\d|usage|guesses|sts-policies)\.sqlite(-wal|-shm|-journal)?")
PIECE = 1024 * 1024
FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC


def settle() -> None:
    """Move the filter's records, and give everything to whom it belongs. Raises OSError."""
    folders = [os.open(folder, os.O_RDONLY | os.O_DIRECTORY | FLAGS) for folder in (paths.DB, paths.RECORDS)]
    try:
        for name in os.listdir(folders[0]):
            if RECORDS.fullmatch(name):
                _move(name, *folders)
            else:
                _take(name, folders[0])
    finally:
        for handle in folders:
            os.close(handle)
    _give_all(paths.UPLOADS, user_id("mailroom-web"), group_id("mailroom-web"))


def _move(name: str, source: int, target: int) -> None:
    """A record becomes the filter's, wherever its second name is: it has written all of it anyway."""
    if not _is_file(name, source):
        _remove(name, source)
    elif name not in os.listdir(target):
        os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)


def _take(name: str, folder: int) -> None:
    """A file becomes root's alone."""
    if not _is_file(name, folder):
        _remove(name, folder)
        return
    handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK | FLAGS, dir_fd=folder)
    try:
        found = os.fstat(handle)
        if found.st_nlink > 1:
            _copy(handle, name, folder)
        elif (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) != (0, 0, 0o600):
            os.fchown(handle, 0, 0)
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _copy(handle: int, name: str, folder: int) -> None:
    """Put a file of root's in the place of one that is known elsewhere, too: that one stays as it is."""
    fresh = f".{name}-{secrets.token_hex(6)}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FLAGS, 0o600, dir_fd=folder), "wb") as out:
        while piece := os.read(handle, PIECE):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    os.rename(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)


def _is_file(name: str, folder: int) -> bool:
    return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _remove(name: str, folder: int) -> None:
    """Take away a link or a pipe. A folder stays: nobody reads in it."""
    LOG.warning("%s/%s is no plain file and is not used", paths.DB, name)
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        return


def _give_all(folder: os.PathLike[str], user: int, group: int) -> None:
    """Give whatever plain files and folders are below to a user; what has a second name elsewhere stays whose it is."""
    for _, folders, files, at in os.fwalk(folder, follow_symlinks=False):
        for name in [*folders, *files]:
            found = os.stat(name, dir_fd=at, follow_symlinks=False)
            plain = stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
            if plain and (found.st_uid, found.st_gid) != (user, group):
                os.chown(name, user, group, dir_fd=at, follow_symlinks=False)
