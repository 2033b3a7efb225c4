"""Reading an SPK as Package Center does: what it must contain, and why it is refused.

Error codes as DSM gives them: 261 invalid INFO or a missing script, 263 invalid file format, 276 postinst failed,
289 not from Synology or wrong checksum, 313 file attributes, 319 invalid privilege content.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INFO, POSTINST, CHECKSUM, ATTRIBUTES, PRIVILEGE, FORMAT = 261, 276, 289, 313, 319, 263
REQUIRED_SCRIPTS = (
    "preinst", "postinst", "preuninst", "postuninst", "preupgrade", "postupgrade", "start-stop-status",
)  # fmt: skip
REQUIRED_KEYS = ("package", "version", "description", "arch", "maintainer")
OS_VERSION = {"6.2": (6, 2, 25556), "7": (7, 2, 72806)}
# The machine's platform, its family, and what fits all.
PLATFORM, ARCHITECTURES = "geminilake", {"geminilake", "x86_64", "noarch"}
SYSTEM_PORTS = {22, 80, 443, 5000, 5001}
VERSION = re.compile(r"\d+([._-]\d+)*-\d+")
ICONS = {"6.2": 72, "7": 64}
COMPRESSIONS = {b"\x1f\x8b": "--gzip", b"\xfd7zXZ": "--xz"}
MEMBER_MAX = 8 * 1024 * 1024
CHUNK = 1024 * 1024


class Refused(Exception):
    """Package Center will not do it. code as DSM shows it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"error code {code}: {message}")
        self.code, self.message = code, message


@dataclass
class Spk:
    """An SPK: its small members in memory, its payload left where it is in the file."""

    file: Path
    info: dict[str, str]
    members: dict[str, bytes]
    modes: dict[str, int]
    payload: tuple[int, int]

    @property
    def name(self) -> str:
        return self.info["package"]

    @property
    def version(self) -> str:
        return self.info["version"]

    def json(self, name: str) -> Any:
        """A JSON member, or an empty dict when it is not there. Raises ValueError."""
        return json.loads(self.members.get(name, b"{}"))

    @property
    def compression(self) -> str:
        """tar's option for the payload. Raises Refused."""
        with self.file.open("rb") as outer:
            outer.seek(self.payload[0])
            start = outer.read(6)
        for magic, option in COMPRESSIONS.items():
            if start.startswith(magic):
                return option
        raise Refused(FORMAT, "package.tgz must be a tar packed by gzip or xz")


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers, to compare."""
    return tuple(int(part) for part in re.split(r"[._-]", version))


def open_spk(file: Path) -> Spk:
    """Take an SPK apart. Raises Refused when its form is wrong."""
    try:
        with tarfile.open(file, "r:") as outer:
            entries = outer.getmembers()
            _names(entries, bool(outer.pax_headers))
            small = [one for one in entries if one.isfile() and one.name != "package.tgz" and one.size <= MEMBER_MAX]
            members = {one.name: _content(outer, one) for one in small}
    except (tarfile.TarError, OSError):
        raise Refused(FORMAT, "invalid file format: the outer file must be a plain, uncompressed tar") from None
    payload = next((one for one in entries if one.name == "package.tgz" and one.isfile()), None)
    if payload is None:
        raise Refused(FORMAT, "package.tgz is missing")
    info = parse_info(members.get("INFO", b""))
    return Spk(file, info, members, {one.name: one.mode for one in entries}, (payload.offset_data, payload.size))


def _content(outer: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    found = outer.extractfile(member)
    return found.read() if found else b""


def _names(entries: list[tarfile.TarInfo], pax: bool) -> None:
    for entry in entries:
        parts = entry.name.split("/")
        foreign = entry.name.startswith(("./", "/")) or ".." in parts or any(part.startswith("._") for part in parts)
        if foreign or entry.pax_headers or any(part.startswith("PaxHeader") for part in parts):
            raise Refused(FORMAT, f"invalid file format: member {entry.name}")
    if pax:
        raise Refused(FORMAT, "invalid file format: a global PaxHeader")


def parse_info(text: bytes) -> dict[str, str]:
    """key="value" lines. Raises Refused."""
    found = {}
    if b"\r" in text:
        raise Refused(INFO, "INFO must have LF line ends")
    for line in text.decode("utf-8", "replace").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r'([A-Za-z0-9_]+)="(.*)"', line.strip())
        if not match:
            raise Refused(INFO, f'INFO line is not key="value": {line}')
        found[match[1]] = match[2]
    return found


def judge(spk: Spk, profile: str) -> None:
    """Hold an SPK against the rules of this profile. Raises Refused."""
    _info(spk.info, profile)
    _scripts(spk)
    _ = spk.compression
    _checksum(spk, profile)
    for name, size in (("PACKAGE_ICON.PNG", ICONS[profile]), ("PACKAGE_ICON_256.PNG", 256)):
        picture = spk.members.get(name, b"")
        if picture[:8] != b"\x89PNG\r\n\x1a\n" or picture[16:24] != size.to_bytes(4, "big") * 2:
            raise Refused(INFO, f"{name} must be a PNG of {size} x {size}")


def _info(info: dict[str, str], profile: str) -> None:
    for key in REQUIRED_KEYS:
        if not info.get(key):
            raise Refused(INFO, f"INFO lacks {key}")
    minimum = info.get("os_min_ver") or (info.get("firmware") if profile == "6.2" else None)
    if not minimum:
        raise Refused(INFO, "INFO lacks os_min_ver")
    if re.search(r"[:/><|=]", info["package"]):
        raise Refused(INFO, "package has a character that is not allowed")
    if not VERSION.fullmatch(info["version"]):
        raise Refused(INFO, f"version {info['version']} is not numbers ending in -build")
    if profile == "7" and os_version(minimum) < (7, 0, 40000):
        raise Refused(INFO, f"os_min_ver {minimum}: DSM 7 installs only packages made for 7.0-40000 or newer")
    if os_version(minimum) > OS_VERSION[profile]:
        raise Refused(INFO, f"os_min_ver {minimum} is newer than this DSM")
    if info.get("os_max_ver") and os_version(info["os_max_ver"]) < OS_VERSION[profile]:
        raise Refused(INFO, f"os_max_ver {info['os_max_ver']} is older than this DSM")
    if not ARCHITECTURES & set(info["arch"].split()) or PLATFORM in info.get("exclude_arch", "").split():
        raise Refused(INFO, f"arch {info['arch']} is not this machine's")
    if info.get("checkport", "yes") == "yes" and info.get("adminport", "0") in map(str, SYSTEM_PORTS):
        raise Refused(INFO, f"adminport {info['adminport']} is DSM's own")


def os_version(text: str) -> tuple[int, ...]:
    """X.Y-BUILD as numbers. Raises Refused."""
    match = re.fullmatch(r"(\d+)\.(\d+)-(\d+)", text)
    if not match:
        raise Refused(INFO, f"{text} is not X.Y-BUILD")
    return tuple(int(part) for part in match.groups())


def _scripts(spk: Spk) -> None:
    for name in REQUIRED_SCRIPTS:
        script = f"scripts/{name}"
        if script not in spk.members:
            raise Refused(INFO, f"{script} is missing")
        if not spk.modes[script] & 0o111:
            raise Refused(FORMAT, f"{script} is not executable")
        if not spk.members[script].startswith(b"#!/bin/sh\n") or b"\r\n" in spk.members[script]:
            raise Refused(FORMAT, f"{script} must start with #!/bin/sh and have LF line ends")


def _checksum(spk: Spk, profile: str) -> None:
    if profile != "7":
        return
    # Only a check against damage, as DSM has it.
    digest, (offset, left) = hashlib.md5(usedforsecurity=False), spk.payload
    with spk.file.open("rb") as outer:
        outer.seek(offset)
        while left and (chunk := outer.read(min(CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
    if spk.info.get("checksum") != digest.hexdigest():
        raise Refused(CHECKSUM, "checksum of package.tgz is missing or wrong")
