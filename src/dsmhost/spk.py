"""Reading an SPK as Package Center does: what it must contain, and why it is refused.

Error codes as DSM gives them: 261 invalid INFO, 276 postinst failed, 289 not from Synology or wrong checksum,
313 file attributes, 319 invalid privilege content.
"""

from __future__ import annotations

import hashlib
import io
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
ARCHITECTURES = {"x86_64", "noarch", "geminilake", "apollolake"}
WORKERS = {
    "6.2": {"data-share", "port-config", "usr-local-linker", "syslog-config", "indexdb", "certificate-config"},
    "7": {"data-share", "port-config", "usr-local-linker", "syslog-config", "indexdb", "webservice", "web-config",
          "sysnotify", "systemd-user-unit"},
}  # fmt: skip
VERSION = re.compile(r"^\d+([._-]\d+)*-\d+$")
ICONS = {"6.2": 72, "7": 64}


class Refused(Exception):
    """Package Center will not do it. code as DSM shows it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"error code {code}: {message}")
        self.code, self.message = code, message


@dataclass
class Spk:
    """An SPK that has passed every rule."""

    info: dict[str, str]
    members: dict[str, bytes]
    payload: bytes

    @property
    def name(self) -> str:
        return self.info["package"]

    @property
    def version(self) -> str:
        return self.info["version"]

    @property
    def build(self) -> tuple[int, ...]:
        """The version as numbers, for "must grow"."""
        return tuple(int(part) for part in re.split(r"[._-]", self.version))

    def json(self, name: str) -> Any:
        """A JSON member, or an empty dict when it is not there."""
        return json.loads(self.members.get(name, b"{}"))


def read(file: Path, profile: str) -> Spk:
    """Read and judge an SPK for a machine of this profile. Raises Refused."""
    try:
        with tarfile.open(file, "r:") as outer:
            entries = {member.name: member for member in outer.getmembers()}
            members = {name: _content(outer, member) for name, member in entries.items() if member.isfile()}
    except tarfile.TarError:
        raise Refused(FORMAT, "invalid file format: the outer file must be a plain, uncompressed tar") from None
    _names(entries)
    info = parse_info(members.get("INFO", b""))
    _info(info, profile)
    _scripts(entries, members)
    if "package.tgz" not in members:
        raise Refused(FORMAT, "package.tgz is missing")
    payload = members.pop("package.tgz")
    _checksum(info, payload, profile)
    _icons(members, profile)
    spk = Spk(info, members, payload)
    _privilege(spk, profile)
    _resource(spk, profile)
    _wizards(members)
    return spk


def _content(outer: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    found = outer.extractfile(member)
    return found.read() if found else b""


def _names(entries: dict[str, tarfile.TarInfo]) -> None:
    for name in entries:
        if name.startswith(("./", "/")) or ".." in name.split("/") or "/._" in f"/{name}":
            raise Refused(FORMAT, f"invalid file format: member {name}")


def parse_info(text: bytes) -> dict[str, str]:
    """key="value" lines. Raises Refused."""
    found = {}
    for line in text.decode("utf-8", "replace").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r'([A-Za-z0-9_]+)="(.*)"', line.strip())
        if not match:
            raise Refused(INFO, f"INFO line is not key=\"value\": {line}")
        found[match[1]] = match[2]
    return found


def _info(info: dict[str, str], profile: str) -> None:
    for key in REQUIRED_KEYS:
        if not info.get(key):
            raise Refused(INFO, f"INFO lacks {key}")
    minimum = info.get("os_min_ver") or (info.get("firmware") if profile == "6.2" else None)
    if not minimum:
        raise Refused(INFO, "INFO lacks os_min_ver")
    if re.search(r"[:/><|=]", info["package"]):
        raise Refused(INFO, "package has a character that is not allowed")
    if not VERSION.match(info["version"]):
        raise Refused(INFO, f"version {info['version']} is not numbers ending in -build")
    wanted = os_version(minimum)
    if profile == "7" and wanted < (7, 0, 40000):
        raise Refused(INFO, f"os_min_ver {minimum}: DSM 7 installs only packages made for 7.0-40000 or newer")
    if wanted > OS_VERSION[profile]:
        raise Refused(INFO, f"os_min_ver {minimum} is newer than this DSM")
    if info.get("os_max_ver") and os_version(info["os_max_ver"]) <= OS_VERSION[profile]:
        raise Refused(INFO, f"os_max_ver {info['os_max_ver']} is older than this DSM")
    if not ARCHITECTURES & set(info["arch"].split()):
        raise Refused(INFO, f"arch {info['arch']} is not this machine's")


def os_version(text: str) -> tuple[int, ...]:
    """X.Y-BUILD as numbers. Raises Refused."""
    match = re.fullmatch(r"(\d+)\.(\d+)-(\d+)", text)
    if not match:
        raise Refused(INFO, f"{text} is not X.Y-BUILD")
    return tuple(int(part) for part in match.groups())


def _scripts(entries: dict[str, tarfile.TarInfo], members: dict[str, bytes]) -> None:
    for name in REQUIRED_SCRIPTS:
        script = f"scripts/{name}"
        if script not in members:
            raise Refused(INFO, f"{script} is missing")
        if not entries[script].mode & 0o111:
            raise Refused(FORMAT, f"{script} is not executable")
        if not members[script].startswith(b"#!/bin/sh") or b"\r\n" in members[script]:
            raise Refused(FORMAT, f"{script} must start with #!/bin/sh and have LF line ends")


def _checksum(info: dict[str, str], payload: bytes, profile: str) -> None:
    # Only a check against damage, as DSM has it.
    if profile == "7" and info.get("checksum") != hashlib.md5(payload, usedforsecurity=False).hexdigest():
        raise Refused(CHECKSUM, "checksum of package.tgz is missing or wrong")


def _icons(members: dict[str, bytes], profile: str) -> None:
    for name, size in (("PACKAGE_ICON.PNG", ICONS[profile]), ("PACKAGE_ICON_256.PNG", 256)):
        picture = members.get(name, b"")
        if picture[:8] != b"\x89PNG\r\n\x1a\n" or int.from_bytes(picture[16:20], "big") != size:
            raise Refused(INFO, f"{name} must be a PNG of {size} x {size}")


def _privilege(spk: Spk, profile: str) -> None:
    if "conf/privilege" not in spk.members:
        if profile == "7":
            raise Refused(PRIVILEGE, "conf/privilege is missing")
        return
    try:
        privilege = spk.json("conf/privilege")
        run_as = privilege["defaults"]["run-as"]
    except (ValueError, KeyError, TypeError):
        raise Refused(PRIVILEGE, "conf/privilege is not valid") from None
    if run_as not in ("package", "root", "system"):
        raise Refused(PRIVILEGE, f"run-as {run_as} is not known")
    if profile != "7":
        return
    if run_as != "package":
        raise Refused(PRIVILEGE, "unable to install because it runs with root privileges")
    for section in ("ctrl-script", "executable"):
        if section in privilege:
            raise Refused(PRIVILEGE, f"{section} is only for packages signed by Synology")
    if privilege.get("join-groupname") in ("administrators", "root", "wheel"):
        raise Refused(PRIVILEGE, "join-groupname must not be a group of administrators")
    for tool in privilege.get("tool", []):
        if tool.get("user") != "package" or "capabilities" in tool:
            raise Refused(ATTRIBUTES, "tool user should be package, without capabilities")


def _resource(spk: Spk, profile: str) -> None:
    try:
        resource = spk.json("conf/resource")
    except ValueError:
        raise Refused(INFO, "conf/resource is not valid JSON") from None
    for worker in resource:
        if worker not in WORKERS[profile]:
            raise Refused(INFO, f"resource worker {worker} is not known to this DSM")


def _wizards(members: dict[str, bytes]) -> None:
    for name, content in members.items():
        if name.startswith("WIZARD_UIFILES/") and not name.endswith(".sh"):
            try:
                steps = json.loads(content)
            except ValueError:
                raise Refused(FORMAT, f"{name} is not valid JSON") from None
            if not steps:
                raise Refused(FORMAT, f"{name} has no step")


def unpack(payload: bytes, target: Path) -> None:
    """Unpack package.tgz (gzip or xz); links may not leave it, devices and set-id bits are not made."""
    with tarfile.open(fileobj=io.BytesIO(payload), mode="r:*") as inner:
        inner.extraction_filter = _plain
        inner.extractall(target)


def _plain(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    if member.isdev() or member.name.startswith("/") or ".." in member.name.split("/"):
        return None
    member.mode = (member.mode or 0o644) & 0o777
    return member
