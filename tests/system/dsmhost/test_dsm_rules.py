"""Packages that break DSM's rules: each is refused with DSM's code, before any script ran, and nothing is left."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dsm_probe import Probe, picture

from dsmhost.machine import Machine
from dsmhost.spk import ATTRIBUTES, CHECKSUM, FORMAT, INFO, PRIVILEGE, Refused

WEBSERVICE = {
    "services": [{"service": "probe", "display_name": "Probe", "type": "reverse_proxy", "proxy_target": "http://127.0.0.1:9"}],
    "portals": [{"service": "probe", "name": "probe", "type": "alias", "alias": "probe"}],
}  # fmt: skip
STEP = {"step_title": "One", "items": [{"type": "textfield", "subitems": [{"key": "wizard_name"}]}]}


def own(**more: Any) -> dict[str, Any]:
    """A privilege that is right, with something more."""
    return {"defaults": {"run-as": "package"}, "username": "probe", **more}


def crlf(probe: Probe, name: str) -> Probe:
    probe.members[name] = probe.members[name].replace(b"\n", b"\r\n")
    return probe


def cls(**given: Any) -> Callable[[str], Probe]:
    return lambda profile: Probe(profile, **given)


def bash(profile: str) -> Probe:
    probe = Probe(profile)
    probe.members["scripts/preinst"] = b"#!/bin/bash\nexit 0\n"
    return probe


BOTH, SIX, SEVEN = ("6.2", "7"), ("6.2",), ("7",)
RULES: list[tuple[str, tuple[str, ...], int, Callable[[str], Probe]]] = [
    ("outer file gzipped", BOTH, FORMAT, cls(outer_mode="w:gz")),
    ("names with ./", BOTH, FORMAT, cls(prefix="./")),
    ("name with ..", BOTH, FORMAT, cls(members={"conf/../x": b""})),
    ("macOS ._ member", BOTH, FORMAT, cls(members={"._INFO": b"x"})),
    ("PaxHeader member", BOTH, FORMAT, cls(members={"\u00e9" * 60: b"x"}, format=tarfile.PAX_FORMAT)),
    ("INFO missing", BOTH, INFO, cls(members={"INFO": b""})),
    ("INFO line without quotes", BOTH, INFO, cls(members={"INFO": b"package=Probe\n"})),
    ("INFO with CRLF", BOTH, INFO, lambda profile: crlf(Probe(profile, members={"INFO": b'package="P"\n'}), "INFO")),
    *[(f"INFO without {key}", BOTH, INFO, lambda profile, key=key: Probe(profile).without(key))
      for key in ("package", "version", "os_min_ver", "description", "arch", "maintainer")],
    ("letters in the version", BOTH, INFO, cls(version="1.0b-1")),
    ("version without a build", BOTH, INFO, cls(version="1.0")),
    ("colon in the id", BOTH, INFO, cls(info={"package": "Pro:be"})),
    ("os_min_ver too new", BOTH, INFO, cls(info={"os_min_ver": "7.9-99999"})),
    ("os_min_ver of DSM 6", SEVEN, INFO, cls(info={"os_min_ver": "6.1-15047"})),
    ("os_min_ver of DSM 7", SIX, INFO, cls(info={"os_min_ver": "7.0-40000"})),
    ("os_max_ver too old", BOTH, INFO, cls(info={"os_max_ver": "6.0-7321"})),
    ("os_min_ver without a build", BOTH, INFO, cls(info={"os_min_ver": "6.1"})),
    ("arch of another machine", BOTH, INFO, cls(info={"arch": "armv8"})),
    ("arch aarch64", BOTH, INFO, cls(info={"arch": "aarch64"})),
    ("platform excluded", BOTH, INFO, cls(info={"exclude_arch": "geminilake"})),
    ("adminport of DSM", BOTH, INFO, cls(info={"adminport": "5000"})),
    ("preupgrade missing", BOTH, INFO, lambda profile: Probe(profile).without("scripts/preupgrade")),
    ("postupgrade missing", BOTH, INFO, lambda profile: Probe(profile).without("scripts/postupgrade")),
    ("start-stop-status missing", BOTH, INFO, lambda profile: Probe(profile).without("scripts/start-stop-status")),
    ("script not executable", BOTH, FORMAT, cls(modes={"scripts/postinst": 0o644})),
    ("script with CRLF", BOTH, FORMAT, lambda profile: crlf(Probe(profile), "scripts/postinst")),
    ("script for another shell", BOTH, FORMAT, bash),
    ("package.tgz missing", BOTH, FORMAT, cls(members={"package.tgz": None})),
    ("package.tgz not packed", BOTH, FORMAT, cls(payload_mode="w")),
    ("package.tgz packed by bzip2", BOTH, FORMAT, cls(payload_mode="w:bz2")),
    ("wrong checksum", SEVEN, CHECKSUM, cls(checksum="0" * 32)),
    ("no checksum", SEVEN, CHECKSUM, cls(checksum="")),
    ("icon of the other DSM", SEVEN, INFO, cls(members={"PACKAGE_ICON.PNG": picture(72)})),
    ("icon of the other DSM", SIX, INFO, cls(members={"PACKAGE_ICON.PNG": picture(64)})),
    ("icon too low", BOTH, INFO, cls(members={"PACKAGE_ICON_256.PNG": picture(256, 255)})),
    ("no icon", BOTH, INFO, lambda profile: Probe(profile).without("PACKAGE_ICON.PNG")),
    ("no privilege", SEVEN, PRIVILEGE, cls(privilege="none")),
    ("privilege is no JSON", BOTH, PRIVILEGE, cls(privilege="{run-as")),
    ("unknown run-as", BOTH, PRIVILEGE, cls(privilege={"defaults": {"run-as": "me"}})),
    ("root", SEVEN, PRIVILEGE, cls(privilege={"defaults": {"run-as": "root"}})),
    ("system", SEVEN, PRIVILEGE, cls(privilege={"defaults": {"run-as": "system"}})),
    ("ctrl-script section", SEVEN, PRIVILEGE, cls(privilege=own(**{"ctrl-script": []}))),
    ("executable section", SEVEN, PRIVILEGE, cls(privilege=own(executable=[]))),
    ("group of administrators", SEVEN, PRIVILEGE, cls(privilege=own(**{"join-groupname": "administrators"}))),
    ("group that is not there", SEVEN, PRIVILEGE, cls(privilege=own(**{"join-groupname": "nobodys"}))),
    ("account of DSM", SEVEN, PRIVILEGE, cls(privilege=own(username="admin"))),
    ("tool of root", SEVEN, ATTRIBUTES, cls(privilege=own(tool=[{"relpath": "x", "user": "root"}]))),
    ("tool with capabilities", SEVEN, ATTRIBUTES,
     cls(privilege=own(tool=[{"relpath": "x", "user": "package", "capabilities": "cap_net_bind_service"}]))),
    ("resource is no JSON", BOTH, INFO, cls(members={"conf/resource": b"{"})),
    ("unknown worker", BOTH, INFO, lambda profile: Probe(profile).resource(magic={})),
    ("webservice on DSM 6", SIX, INFO, lambda profile: Probe(profile).resource(webservice=WEBSERVICE)),
    ("webservice without WebStation", SEVEN, INFO, lambda profile: Probe(profile).resource(webservice=WEBSERVICE)),
    ("data-share without shares", BOTH, INFO, lambda profile: Probe(profile).resource(**{"data-share": {}})),
    ("empty wizard", BOTH, FORMAT, lambda profile: Probe(profile).wizard("install", [])),
    ("wizard is no JSON", BOTH, FORMAT, cls(members={"WIZARD_UIFILES/install_uifile": b"[{"})),
    ("wizard step without a title", BOTH, FORMAT, lambda profile: Probe(profile).wizard("install", [{"items": [{}]}])),
    ("wizard asks twice", BOTH, FORMAT, lambda profile: Probe(profile).wizard("uninstall", [STEP, STEP])),
    ("dsmuidir not in the payload", BOTH, FORMAT, cls(info={"dsmuidir": "ui"})),
]  # fmt: skip
CASES = [
    pytest.param(profile, code, make, id=f"{name} ({profile})")
    for name, profiles, code, make in RULES
    for profile in profiles
]


@pytest.mark.parametrize(("profile", "code", "make"), CASES)
def test_refused(
    empty: dict[str, Machine], tmp_path: Path, profile: str, code: int, make: Callable[[str], Probe]
) -> None:
    nas = empty[profile]
    with pytest.raises(Refused) as refused:
        nas.ask("install", file=make(profile).write(tmp_path))
    assert refused.value.code == code, refused.value.message
    assert nas.ask("packages") == []
    assert list((nas.folder / "volume1").glob("@tmp/*.inst")) == []


def test_right_package_is_taken(nas: Machine, tmp_path: Path) -> None:
    """What the rules above break is nothing else in the probe."""
    assert nas.ask("install", file=Probe(nas.profile).write(tmp_path))["code"] == 0


def test_xz_payload_is_taken(nas: Machine, tmp_path: Path) -> None:
    assert nas.ask("install", file=Probe(nas.profile, payload_mode="w:xz").write(tmp_path))["code"] == 0


def test_broken_payload(nas7: Machine, tmp_path: Path) -> None:
    """A payload that is cut off in the middle is noticed, and nothing is left."""
    probe = Probe("7", payload={"big": bytes(range(256)) * 4096})
    file = probe.write(tmp_path)
    with tarfile.open(file) as tar:
        inner = tar.extractfile("package.tgz")
        assert inner
        short = gzip.compress(gzip.decompress(inner.read()))[:-100]
    import hashlib

    cut = Probe("7", checksum=hashlib.md5(short).hexdigest(), members={"package.tgz": short})
    with pytest.raises(Refused) as refused:
        nas7.ask("install", file=cut.write(tmp_path))
    assert refused.value.code == FORMAT and nas7.ask("packages") == []


@pytest.mark.parametrize("version", ["1.0-5", "1.0-4", "1.1-5", "1.1-4", "0.9-6"])
def test_build_must_grow(nas: Machine, tmp_path: Path, version: str) -> None:
    nas.ask("install", file=Probe(nas.profile, "1.0-5").write(tmp_path))
    with pytest.raises(Refused):
        nas.ask("install", file=Probe(nas.profile, version).write(tmp_path))
    assert nas.ask("status", name="Probe")["version"] == "1.0-5"
    assert nas.ask("status", name="Probe")["code"] == 0


@pytest.mark.parametrize("change", [{"username": "other"}, {"groupname": "others"}, {"username": None}])
def test_account_stays(nas7: Machine, tmp_path: Path, change: dict[str, str | None]) -> None:
    """Another account in the next version, also by leaving the name out, is a privilege migration: 313."""
    nas7.ask("install", file=Probe("7").write(tmp_path))
    changed = {name: value for name, value in own(**change).items() if value}
    with pytest.raises(Refused) as refused:
        nas7.ask("install", file=Probe("7", "1.1-2", privilege=changed).write(tmp_path))
    assert refused.value.code == ATTRIBUTES
    assert nas7.ask("status", name="Probe")["code"] == 0


def test_relations(nas: Machine, tmp_path: Path) -> None:
    """What a package needs must be there and stay; what it conflicts with must not."""
    with pytest.raises(Refused):
        nas.ask("install", file=Probe(nas.profile, info={"install_dep_packages": "Base>1.0"}).write(tmp_path))
    nas.ask("install", file=Probe(nas.profile, info={"package": "Base"}).write(tmp_path))
    with pytest.raises(Refused):
        nas.ask("install", file=Probe(nas.profile, info={"install_conflict_packages": "Base"}).write(tmp_path))
    nas.ask("install", file=Probe(nas.profile, info={"install_dep_packages": "Base>1.0"}).write(tmp_path))
    with pytest.raises(Refused):
        nas.ask("uninstall", name="Base")
    nas.ask("uninstall", name="Probe")
    nas.ask("uninstall", name="Base")
    assert nas.ask("packages") == []
