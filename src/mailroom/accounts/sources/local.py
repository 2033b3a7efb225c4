"""The host's local users, read from its own files (row AC01). Standard library only: the sign-in service loads it.

/etc/passwd holds local users only on DSM; users of a directory never appear in it. `synouser --enum local`, where it
exists, has the last word on who is a person and who is an account of a package.
"""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mailroom.core.lines import lines

FIRST_UID = 1024
LAST_UID = 60_000
USERS_GID = 100
GUEST = "guest"
ADMINISTRATORS = "administrators"
SYNOUSER = ("usr/syno/sbin/synouser", "usr/syno/bin/synouser", "usr/sbin/synouser")
SYNOUSER_LIMIT_S = 8.0
DAY_S = 86_400
FILES = ("etc/passwd", "etc/shadow", "etc/group")

Signature = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class HostUser:
    """One user of the host. disabled: expired or locked there. groups: names, sorted.

    password_mark: another one when the password is, "" when that cannot be told; it says nothing about the password.
    """

    name: str
    uid: int
    full_name: str
    disabled: bool
    groups: tuple[str, ...]
    password_mark: str = ""


class SourceUnreadable(Exception):
    """The users cannot be read now; the former list stays in force."""


def signature(root: Path = Path("/")) -> Signature:
    """Changes whenever a user, password or group was changed. Raises SourceUnreadable."""
    try:
        return tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in ((root / file).stat() for file in FILES))
    except OSError as reason:
        raise SourceUnreadable(f"{reason.filename}: {reason.strerror}") from None


def users(
    root: Path = Path("/"),
    enumerate_names: Callable[[Path], set[str] | None] | None = None,
    key: bytes = b"",
) -> list[HostUser]:
    """Every local user who is a person, by name. key: with which passwords are marked.

    Raises SourceUnreadable rather than leaving anybody out.
    """
    try:
        passwd, shadow, group = (_text(root / file) for file in FILES)
    except OSError as reason:
        raise SourceUnreadable(f"{reason.filename}: {reason.strerror}") from None
    named = (enumerate_names or synouser_names)(root)
    disabled, groups = disabled_names(shadow, time.time()), groups_by_user(group)
    marks = password_marks(shadow, key) if key else {}
    group_names = {int(row[2]): row[0] for row in _rows(group, 4) if row[2].isdigit()}
    found = []
    for row in _rows(passwd, 7):
        if not row[2].isdigit() or not row[3].isdigit() or not is_person(row[0], int(row[2]), int(row[3]), named):
            continue
        own = {*groups.get(row[0], ()), *filter(None, [group_names.get(int(row[3]))])}
        full_name = row[4].partition(",")[0].encode(errors="surrogateescape").decode(errors="replace")
        mark = marks.get(row[0], "")
        found.append(HostUser(row[0], int(row[2]), full_name, row[0] in disabled, tuple(sorted(own)), mark))
    return sorted(found, key=lambda user: user.name)


def is_person(name: str, uid: int, gid: int, named: set[str] | None) -> bool:
    """Whether a passwd row is a user of the NAS: not the system's, not a package's, not the guest."""
    if name == GUEST:
        return False
    if named is not None:
        return name in named
    return FIRST_UID <= uid <= LAST_UID and gid == USERS_GID


def disabled_names(shadow: str, now_s: float) -> set[str]:
    """Names that the host would not let in: account expired, or password locked with "!" (shadow(5))."""
    return {row[0] for row in _rows(shadow, 8) if row[1].startswith("!") or _expired(row[7], now_s)}


def password_marks(shadow: str, key: bytes) -> dict[str, str]:
    """{name: KEY:MARK}: two marks of one key differ when the password was set anew (shadow(5), field 2).

    A keyed digest of the host's own hash: without the key nobody can try passwords against it. A lock ("!") is no other
    password. KEY tells which key it was, so that marks of another one are not compared.
    """
    name_of_key = hashlib.sha256(b"name of " + key).hexdigest()[:8]

    def mark(name: str, password: str) -> str:
        text = f"{name}:{password.lstrip('!')}".encode(errors="surrogateescape")
        return f"{name_of_key}:{hmac.digest(key, text, 'sha256').hex()[:32]}"

    return {row[0]: mark(row[0], row[1]) for row in _rows(shadow, 8)}


def _expired(day: str, now_s: float) -> bool:
    return day.isdigit() and int(day) * DAY_S <= now_s


def groups_by_user(group: str) -> dict[str, set[str]]:
    """Names of the groups that list each user as a member (group(5))."""
    found: dict[str, set[str]] = {}
    for row in _rows(group, 4):
        for member in filter(None, row[3].split(",")):
            found.setdefault(member, set()).add(row[0])
    return found


def synouser_names(root: Path = Path("/")) -> set[str] | None:
    """Names that `synouser --enum local` lists, or None when the host has no such tool.

    Its first line is "N User Listed:". Raises SourceUnreadable when it fails or the count does not fit.
    """
    tool = next((root / path for path in SYNOUSER if (root / path).exists()), None)
    if tool is None:
        return None
    try:
        done = subprocess.run(
            (str(tool), "--enum", "local"), capture_output=True, timeout=SYNOUSER_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as reason:
        raise SourceUnreadable(f"synouser: {reason}") from None
    listed = [line.strip() for line in lines(done.stdout.decode(errors="surrogateescape")) if line.strip()]
    if done.returncode:
        raise SourceUnreadable(f"synouser --enum local failed with {done.returncode}.")
    if not listed or not listed[0].split()[0].isdigit():
        raise SourceUnreadable("synouser --enum local does not say how many users there are.")
    if int(listed[0].split()[0]) != len(listed) - 1:
        raise SourceUnreadable("synouser --enum local listed another number of users than it said.")
    return set(listed[1:])


def _text(file: Path) -> str:
    """As it stands: read_text() would make a line end of a lone CR, which a full name may hold."""
    return file.read_bytes().decode(errors="surrogateescape")


def _rows(text: str, fields: int) -> Iterable[list[str]]:
    for line in lines(text):
        row = line.split(":")
        if len(row) >= fields:
            yield row
