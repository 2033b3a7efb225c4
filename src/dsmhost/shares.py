"""Shared folders of the machine, as Control Panel keeps them: a list, and a folder each on the volume."""

from __future__ import annotations

import os
from pathlib import Path

from dsmhost import accounts
from dsmhost.installed import VOLUME

# One line a share: name, path, description, and who may write, parted by tabs. synoshare reads it too.
LIST = "usr/syno/etc/shares"


def known(root: Path) -> dict[str, list[str]]:
    """{name: [name, path, description, users who may write]}."""
    file = root / LIST
    lines = file.read_text().splitlines() if file.exists() else []
    return {line.split("\t")[0]: line.split("\t") for line in lines if line}


def make(root: Path, name: str) -> str:
    """Make a share unless it is there; its path in the machine."""
    found = known(root)
    if name in found:
        return found[name][1]
    path = f"{VOLUME}/{name}"
    (root / path.lstrip("/")).mkdir(exist_ok=True)
    _write(root, {**found, name: [name, path, "", ""]})
    return path


def grant(root: Path, name: str, user: str) -> None:
    """Let a user write. Without access lists here: the folder goes to whom it is granted."""
    ids = {fields[0]: (int(fields[2]), int(fields[3])) for fields in accounts.lines(root, "passwd")}
    if user not in ids:
        return
    found = known(root)
    users = [one for one in found[name][3].split(",") if one]
    if user not in users:
        found[name][3] = ",".join([*users, user])
        _write(root, found)
        os.chown(root / found[name][1].lstrip("/"), *ids[user])


def _write(root: Path, found: dict[str, list[str]]) -> None:
    (root / LIST).write_text("".join("\t".join(fields) + "\n" for fields in found.values()))
