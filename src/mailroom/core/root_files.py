"""Files that root makes, changes or reads where somebody else may write: no link is followed, no pipe is waited for.

Owner and mode are changed by the open descriptor, never by name. `acting_as` gives one thread another user's rights on
files (setfsuid(2)), for what root has to do in a folder of that user's.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

ROOT = "root"
READ_BYTES_MAX = 1024 * 1024


@cache
def user_id(name: str) -> int:
    """The number of a user of the bundle. Raises KeyError."""
    return pwd.getpwnam(name).pw_uid


@cache
def group_id(name: str) -> int:
    """The number of a group of the bundle. Raises KeyError."""
    return grp.getgrnam(name).gr_gid


def make_folder(path: Path, owner: str = ROOT, group: str = ROOT, mode: int = 0o755) -> None:
    """Make a folder, or give an existing one this owner, group and mode. Raises OSError, also when it is a link."""
    if path.parent != path:
        path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _give(handle, owner, group)
        os.fchmod(handle, mode)
    finally:
        os.close(handle)


def write(file: Path, content: bytes, owner: str = ROOT, group: str = ROOT, mode: int = 0o644) -> None:
    """Put `content` in the place of what `file` is, in one step. Raises OSError; then the former one is there.

    A link of that name is replaced, and never followed.
    """
    fresh = file.with_name(f".{file.name}-{secrets.token_hex(6)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            _give(out.fileno(), owner, group)
            os.fchmod(out.fileno(), mode)
        os.rename(fresh, file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _give(handle: int, owner: str, group: str) -> None:
    found = os.fstat(handle)
    wanted = user_id(owner), group_id(group)
    # Whoever is no root, or acts as somebody else, makes files of their own only.
    if os.geteuid() == 0 and (found.st_uid, found.st_gid) != wanted:
        os.fchown(handle, *wanted)


def read(file: Path, limit: int = READ_BYTES_MAX) -> bytes:
    """What a file holds. Raises OSError when it is none (a link, a pipe), and ValueError when it is longer."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as found:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(file))
        content = found.read(limit + 1)
    if len(content) > limit:
        raise ValueError(file)
    return content


@contextmanager
def acting_as(user: str) -> Iterator[None]:
    """Let this thread reach files as `user` alone does; no more than that changes. Without root it changes nothing.

    The kernel takes root's rights on files from the thread meanwhile (capabilities(7), "Effect of user ID changes").
    Raises OSError when it does not.
    """
    entry = _entry(user) if os.geteuid() == 0 else None
    if entry is None:
        yield
        return
    before = _libc().setfsgid(entry.pw_gid), _libc().setfsuid(entry.pw_uid)
    try:
        # The call tells nothing of a failure but by what it finds the next time (setfsuid(2), BUGS).
        if _libc().setfsuid(-1) != entry.pw_uid:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), user)
        yield
    finally:
        _libc().setfsuid(before[1])
        _libc().setfsgid(before[0])


@cache
def _libc() -> Any:
    # Loaded where it is used alone: 0.7 MB in each process that reads a file of root's.
    import ctypes

    return ctypes.CDLL(None)


@cache
def _entry(user: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        # Outside the bundle there is no such user.
        return None
