"""The package as it is built for a NAS: what DSM unpacks, and what the launchers then need to make of it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from chrooted import holds_a_private_key

from devtools import bundle, spk
from devtools.spk import build_spk

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def package() -> Path:
    return spk.spk("x86_64", "7")


@pytest.fixture(scope="module")
def payload(package: Path) -> Iterator[tarfile.TarFile]:
    with tarfile.open(package, "r:") as outer:
        packed = outer.extractfile("package.tgz")
        assert packed is not None
        with tarfile.open(fileobj=packed) as inner:
            yield inner


@pytest.fixture(scope="module")
def members(payload: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    return {member.name: member for member in payload}


def read(payload: tarfile.TarFile, name: str) -> bytes:
    content = payload.extractfile(name)
    assert content is not None
    return content.read()


def test_info_is_right(package: Path) -> None:
    with tarfile.open(package, "r:") as outer:
        assert outer.next().name == "INFO"  # type: ignore[union-attr]
        info = outer.extractfile("INFO").read().decode()  # type: ignore[union-attr]
        packed = outer.extractfile("package.tgz")
        assert packed is not None
        digest = hashlib.file_digest(packed, "md5").hexdigest()
        unpacked = 0
        packed.seek(0)
        with tarfile.open(fileobj=packed) as inner:
            unpacked = sum(member.size for member in inner if member.isreg())
    facts = dict(re.findall(r'^(\w+)="(.*)"$', info, re.MULTILINE))
    assert facts["package"] == "Mailroom"
    assert facts["version"] == spk.version()
    assert facts["arch"] == "x86_64"
    assert facts["os_min_ver"] == "7.0-40000"
    assert facts["checksum"] == digest
    assert int(facts["extractsize"]) == unpacked // 1024
    assert len(re.findall(r"^package=", info, re.MULTILINE)) == 1


def test_built_again_under_another_umask_it_has_the_same_bytes(package: Path, tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        spk.assemble(tmp_path / "tree", bundle.X86_64, "7")
        again = build_spk.build(
            tmp_path / "tree", tmp_path / package.name, arch="x86_64", dsm="7", version=spk.version(),
            icons=spk.DSM_UI / "images", fast=True,
        )  # fmt: skip
    finally:
        os.umask(umask)
        shutil.rmtree(tmp_path / "tree", ignore_errors=True)
    with package.open("rb") as before, again.open("rb") as after:
        assert hashlib.file_digest(before, "sha256").digest() == hashlib.file_digest(after, "sha256").digest()
    again.unlink()


def test_sizes_are_sane(package: Path, members: dict[str, tarfile.TarInfo]) -> None:
    assert 60 * MEGABYTE < package.stat().st_size < 160 * MEGABYTE
    assert 200 * MEGABYTE < sum(member.size for member in members.values()) < 400 * MEGABYTE
    assert 8_000 < len(members) < 25_000


def test_the_archive_gives_nobody_rights(members: dict[str, tarfile.TarInfo]) -> None:
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}
    assert [name for name, member in members.items() if member.mode & 0o7000] == []
    assert [name for name, member in members.items() if member.mode & 0o002 and not member.issym()] == []
    kinds = {member.type for member in members.values()}
    assert kinds <= {tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE}
    assert not any(name.startswith("/") or ".." in Path(name).parts for name in members)


def test_every_entry_of_owners_is_there(payload: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> None:
    lines = [line.split(" ", 2) for line in read(payload, "owners").decode().splitlines()]
    assert [path for _, _, path in lines if f"root/{path}" not in members] == []
    modes = {path: int(mode, 8) for mode, _, path in lines}
    assert modes["usr/sbin/postdrop"] == 0o2555
    assert modes["tmp"] == 0o1777
    assert [path for path, mode in modes.items() if mode & stat.S_ISUID] == []
    owners = {path: owner for _, owner, path in lines}
    postdrop = next(
        line for line in read(payload, "root/etc/group").decode().splitlines() if line.startswith("postdrop:")
    )
    assert owners["usr/sbin/postdrop"] == f"0:{postdrop.split(':')[2]}"


def test_links_lead_to_what_is_there(members: dict[str, tarfile.TarInfo]) -> None:
    assert [member.name for member in members.values() if member.islnk() and member.linkname not in members] == []


def test_no_private_key_is_inside(payload: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> None:
    with_keys = [
        name for name, member in members.items() if member.isreg() and holds_a_private_key(read(payload, name))
    ]
    assert with_keys == []


def test_the_product_is_inside_and_compiled(members: dict[str, tarfile.TarInfo]) -> None:
    app = "root/opt/mailroom/app/mailroom"
    modules = {name for name in members if name.startswith(f"{app}/") and name.endswith(".py")}
    assert f"{app}/__main__.py" in modules
    compiled = {
        f"{Path(name).parent.parent}/{Path(name).name.split('.')[0]}.py"
        for name in members
        if name.startswith(app) and name.endswith(".pyc")
    }
    assert modules == compiled
    assert {
        "bin/start",
        "bin/stop",
        "bin/status",
        "ui/config",
        "ui/index.cgi",
        "nginx.conf",
        "nginx-clients.conf",
        "version",
        "owners",
    } <= set(members)
