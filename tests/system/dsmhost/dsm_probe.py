"""A small package made on the fly, valid for its profile; each test changes what it wants to see refused or done.

Its scripts write down that they ran: one line each in /volume1/probe/record, their variables in /volume1/probe/env,
each question for its status in /volume1/probe/polls. A file /volume1/probe/fail/NAME makes the script NAME fail.
"""

from __future__ import annotations

import hashlib
import io
import json
import socket
import struct
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPTS = ("preinst", "postinst", "preuninst", "postuninst", "preupgrade", "postupgrade", "prereplace", "postreplace")
RECORD = """#!/bin/sh
place=/volume1/probe script=${0##*/}
[ "$1" = status ] || {
    versions="$SYNOPKG_PKGVER|$SYNOPKG_OLD_PKGVER"
    echo "$script${1:+ $1}|$SYNOPKG_PKG_STATUS|$versions|$(id -un)|${wizard_name-unset}" >>$place/record
    env >"$place/env/$script${1:+-$1}"
}
[ ! -e "$place/fail/$script${1:+-$1}" ] || { echo "told to fail" >"$SYNOPKG_TEMP_LOGFILE"; exit 1; }
"""
CONTROL = (
    RECORD
    + """
state=${SYNOPKG_PKGVAR:-/var/packages/$SYNOPKG_PKGNAME/etc}
alive() { [ -e "$state/pid" ] && grep -qs '^sleep$' "/proc/$(cat "$state/pid")/comm"; }
case "$1" in
start) alive || { setsid sleep 100000 & echo $! >"$state/pid"; until alive; do sleep 0.1; done; } ;;
stop) if alive; then kill "$(cat "$state/pid")"; fi; rm -f "$state/pid" ;;
status) echo "$(id -un)" >>$place/polls; alive || exit 1 ;;
esac
exit 0
"""
)
# On DSM 6 nothing but this carries what lies under target.
CARRY = {
    "preupgrade": 'cp -p "$SYNOPKG_PKGDEST/data" "$SYNOPKG_TEMP_UPGRADE_FOLDER/" 2>/dev/null\nexit 0\n',
    "postupgrade": 'cp -p "$SYNOPKG_TEMP_UPGRADE_FOLDER/data" "$SYNOPKG_PKGDEST/" 2>/dev/null\nexit 0\n',
}


def free_port() -> int:
    """A port of this host that nobody has taken."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def picture(size: int, height: int = 0) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row = b"\0" + b"\x30\x80\xe0" * size
    head = struct.pack(">IIBBBBB", size, height or size, 8, 2, 0, 0, 0)
    body = zlib.compress(row * (height or size))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@dataclass
class Probe:
    """What goes into the SPK; tests change it before `write`."""

    profile: str
    version: str = "1.0-1"
    info: dict[str, str] = field(default_factory=dict)
    members: dict[str, bytes] = field(default_factory=dict)
    payload: dict[str, bytes] = field(default_factory=dict)
    payload_modes: dict[str, int] = field(default_factory=dict)
    payload_mode: str = "w:gz"
    compresslevel: int = 9
    modes: dict[str, int] = field(default_factory=dict)
    privilege: Any = None
    # What replaces the digest of package.tgz, and how the outer file is written.
    checksum: str | None = None
    outer_mode: str = "w"
    prefix: str = ""
    format: int = tarfile.USTAR_FORMAT

    def __post_init__(self) -> None:
        seven = self.profile == "7"
        self.info = {
            "package": "Probe", "version": self.version, "os_min_ver": "7.0-40000" if seven else "6.1-15047",
            "description": "A probe", "arch": "x86_64", "maintainer": "Mailroom", "displayname": "Probe",
            **({} if seven else {"os_max_ver": "7.0-40000"}), **self.info,
        }  # fmt: skip
        own = {"defaults": {"run-as": "package"}, "username": "probe"}
        self.privilege = self.privilege or (own if seven else {"defaults": {"run-as": "root"}})
        made = {f"scripts/{name}": (RECORD + CARRY.get(name, "exit 0\n")).encode() for name in SCRIPTS}
        made["scripts/start-stop-status"] = CONTROL.encode()
        made["PACKAGE_ICON.PNG"], made["PACKAGE_ICON_256.PNG"] = picture(64 if seven else 72), picture(256)
        self.members = {**made, **self.members}
        self.payload = {"version": self.version.encode(), **self.payload}

    def resource(self, **workers: Any) -> Probe:
        """With these workers in conf/resource."""
        self.members["conf/resource"] = json.dumps(workers).encode()
        return self

    def wizard(self, kind: str, content: Any) -> Probe:
        """With a wizard; a text is a script that makes one."""
        name = f"WIZARD_UIFILES/{kind}_uifile{'.sh' if isinstance(content, str) else ''}"
        self.members[name] = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        return self

    def without(self, *names: str) -> Probe:
        """Without these members or INFO keys."""
        for name in names:
            self.members.pop(name, None)
            self.info.pop(name, None)
        return self

    def write(self, folder: Path) -> Path:
        """The SPK's file."""
        level = {"compresslevel": self.compresslevel} if self.payload_mode == "w:gz" else {}
        inner = _tar(self.payload, self.payload_mode, self.payload_modes, **level)
        if self.privilege != "none":
            text = self.privilege if isinstance(self.privilege, str) else json.dumps(self.privilege)
            self.members.setdefault("conf/privilege", text.encode())
        if self.profile == "7":
            digest = hashlib.md5(inner, usedforsecurity=False).hexdigest()
            self.info["checksum"] = self.checksum if self.checksum is not None else digest
        info = "".join(f'{key}="{value}"\n' for key, value in self.info.items()).encode()
        content = {"INFO": info, "package.tgz": inner, **self.members}
        modes = {name: 0o755 for name in content if name.startswith("scripts/")} | self.modes
        named = {self.prefix + name: body for name, body in content.items() if body is not None}
        file = folder / f"probe-{self.profile}-{self.version}.spk"
        prefixed = {self.prefix + name: mode for name, mode in modes.items()}
        file.write_bytes(_tar(named, self.outer_mode, prefixed, self.format))
        return file


def _tar(
    files: dict[str, bytes], mode: str, modes: dict[str, int], form: int = tarfile.USTAR_FORMAT, **more: int
) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode=mode, format=form, **more) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), modes.get(name, 0o644)
            tar.addfile(entry, io.BytesIO(content))
    return whole.getvalue()
