"""The accounts that DSM makes for packages, in the machine's own /etc."""

from __future__ import annotations

from pathlib import Path

from dsmhost.privilege import Privilege
from dsmhost.spk import PRIVILEGE, Refused

FIRST_UID = {"6.2": 65_501, "7": 200_001}


def lines(root: Path, name: str) -> list[list[str]]:
    """The fields of each line of /etc/NAME."""
    return [line.split(":") for line in (root / "etc" / name).read_text().splitlines() if line]


def ids(root: Path, privilege: Privilege) -> tuple[int, int] | None:
    """(uid, gid) of a package's account, or None while there is none."""
    users = {fields[0]: int(fields[2]) for fields in lines(root, "passwd")}
    groups = {fields[0]: int(fields[2]) for fields in lines(root, "group")}
    if privilege.user not in users or privilege.group not in groups:
        return None
    return users[privilege.user], groups[privilege.group]


def ensure(root: Path, profile: str, privilege: Privilege) -> None:
    """Make a package's account and group unless they are there. Raises Refused when there is no group to join."""
    if privilege.join_group and privilege.join_group not in {fields[0] for fields in lines(root, "group")}:
        raise Refused(PRIVILEGE, f"join-groupname {privilege.join_group} is not a group of this DSM")
    taken = {int(fields[2]) for name in ("passwd", "group") for fields in lines(root, name)}
    number = next(free for free in range(FIRST_UID[profile], 2**31) if free not in taken)
    if privilege.group not in {fields[0] for fields in lines(root, "group")}:
        _append(root, "group", f"{privilege.group}:x:{number}:")
    if privilege.user not in {fields[0] for fields in lines(root, "passwd")}:
        gid = {fields[0]: fields[2] for fields in lines(root, "group")}[privilege.group]
        home = f"/var/packages/{privilege.user}/home"
        _append(root, "passwd", f"{privilege.user}:x:{number}:{gid}::{home}:/sbin/nologin")
        _append(root, "shadow", f"{privilege.user}:!:20000::::::")
    if privilege.join_group:
        _join(root, privilege)


def _join(root: Path, privilege: Privilege) -> None:
    groups = lines(root, "group")
    found = next(fields for fields in groups if fields[0] == privilege.join_group)
    members = [name for name in found[3].split(",") if name]
    if privilege.user not in members:
        found[3] = ",".join([*members, privilege.user])
        (root / "etc/group").write_text("".join(":".join(fields) + "\n" for fields in groups))


def _append(root: Path, name: str, line: str) -> None:
    with (root / "etc" / name).open("a") as file:
        file.write(f"{line}\n")
