"""build_spk: the same input gives the same bytes, whatever the clock, umask, user or file system; in DSM's form."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(CHECKOUT))
import build_spk  # noqa: E402

FILES = {
    "bin/start": (b"#!/bin/sh\n", 0o755),
    "nginx.conf": (b"location {}\n", 0o644),
    "root/etc/passwd": (b"root:x:0:0\n", 0o644),
    "root/etc/shadow": (b"root:*:\n", 0o640),
    "root/usr/bin/perl": (b"\x7fELF perl", 0o755),
    "root/usr/sbin/postdrop": (b"\x7fELF postdrop", 0o555),
    "root/usr/share/Größe": (b"", 0o644),
    "root/usr/share/" + "long/" * 30 + "name": (b"deep", 0o644),
    "ui/index.cgi": (b"\x7fELF", 0o755),
}


def tree(folder: Path, names: list[str]) -> Path:
    """The payload, its files made in this order."""
    for name in names:
        content, mode = FILES[name]
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
    (folder / "root/usr/bin/perl5.36.0").hardlink_to(folder / "root/usr/bin/perl")
    (folder / "root/bin").symlink_to("usr/bin")
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    return folder


@pytest.fixture
def icons(tmp_path: Path) -> Path:
    folder = tmp_path / "icons"
    folder.mkdir()
    for size in (64, 72, 256):
        (folder / f"mailroom_{size}.png").write_bytes(b"\x89PNG" + bytes([size % 256]))
    return folder


def made(payload: Path, out: Path, icons: Path, dsm: str = "7", *, fast: bool = True) -> Path:
    return build_spk.build(payload, out, arch="x86_64", dsm=dsm, version="0.1.0-0001", icons=icons, fast=fast)


def other_umask(payload: Path) -> None:
    os.umask(0o077)


def other_times(payload: Path) -> None:
    for path in [payload, *payload.rglob("*")]:
        os.utime(path, (12345, 67890), follow_symlinks=False)


def other_clock(payload: Path) -> None:
    build_spk.tarfile.time.time = lambda: 4_000_000_000.0
    build_spk.gzip.time.time = lambda: 4_000_000_000.0


def epoch_in_the_environment(payload: Path) -> None:
    os.environ["SOURCE_DATE_EPOCH"] = "1"


def other_owner(payload: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    for path in [payload, *payload.rglob("*")]:
        os.chown(path, 4711, 4712, follow_symlinks=False)
        if not path.is_symlink() and path.is_file():
            path.chmod(FILES.get(str(path.relative_to(payload)), (b"", 0o755))[1])


def other_order_of_the_folder(payload: Path) -> None:
    listed = os.listdir
    scanned = os.scandir

    class Shuffled:
        def __init__(self, path: object) -> None:
            with scanned(path) as entries:  # type: ignore[type-var]
                self.entries = list(entries)
            random.Random(7).shuffle(self.entries)

        def __enter__(self) -> list[object]:
            return self.entries

        def __exit__(self, *_: object) -> None:
            pass

    os.listdir = lambda path=".": random.Random(7).sample(found := listed(path), len(found))
    os.scandir = Shuffled


@pytest.mark.parametrize(
    "change",
    [other_umask, other_times, other_clock, epoch_in_the_environment, other_owner, other_order_of_the_folder],
)
@pytest.mark.parametrize("fast", [True, False])
def test_the_same_input_gives_the_same_bytes(
    change: Callable[[Path], None], fast: bool, tmp_path: Path, icons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setattr(os, "listdir", os.listdir)
    monkeypatch.setattr(os, "scandir", os.scandir)
    monkeypatch.setattr(tarfile.time, "time", tarfile.time.time)
    monkeypatch.setattr(gzip.time, "time", gzip.time.time)
    names = sorted(FILES)
    before = made(tree(tmp_path / "one", names), tmp_path / "one.spk", icons, fast=fast).read_bytes()
    second = tree(tmp_path / "two", names[::-1])
    umask = os.umask(0o022)
    try:
        change(second)
        after = made(second, tmp_path / "two.spk", icons, fast=fast).read_bytes()
    finally:
        os.umask(umask)
    assert hashlib.sha256(before).hexdigest() == hashlib.sha256(after).hexdigest()


def test_another_process_with_another_environment_gives_the_same_bytes(tmp_path: Path, icons: Path) -> None:
    payload = tree(tmp_path / "tree", sorted(FILES))
    here = made(payload, tmp_path / "here.spk", icons).read_bytes()
    program = (
        "import sys; from pathlib import Path; import build_spk; p = [Path(a) for a in sys.argv[1:]]; "
        "build_spk.build(p[0], p[1], arch='x86_64', dsm='7', version='0.1.0-0001', icons=p[2], fast=True)"
    )
    subprocess.run(
        (sys.executable, "-B", "-c", program, payload, tmp_path / "there.spk", icons),
        check=True, cwd=tmp_path, umask=0o177,
        env={"PYTHONPATH": str(CHECKOUT), "PYTHONHASHSEED": "99", "TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": "/"},
    )  # fmt: skip
    assert (tmp_path / "there.spk").read_bytes() == here


@pytest.mark.parametrize(
    "change",
    [
        lambda payload: (payload / "bin/start").chmod(0o644),
        lambda payload: (payload / "nginx.conf").write_text("location /mail {}\n"),
        lambda payload: (payload / "root/new").write_text(""),
        lambda payload: (payload / "root/etc/shadow").unlink(),
    ],
    ids=["mode", "content", "added", "removed"],
)
def test_another_input_gives_other_bytes(change: Callable[[Path], object], tmp_path: Path, icons: Path) -> None:
    payload = tree(tmp_path / "tree", sorted(FILES))
    before = made(payload, tmp_path / "one.spk", icons).read_bytes()
    change(payload)
    assert made(payload, tmp_path / "two.spk", icons).read_bytes() != before


def test_the_outer_archive_is_as_package_center_wants_it(tmp_path: Path, icons: Path) -> None:
    spk = made(tree(tmp_path / "tree", sorted(FILES)), tmp_path / "some.spk", icons)
    raw = spk.read_bytes()
    assert raw[257:263] == b"ustar\0"
    with tarfile.open(spk, "r:") as outer:
        members = outer.getmembers()
    names = [member.name for member in members]
    assert names[0] == "INFO"
    assert names[-1] == "package.tgz"
    assert not any(name.startswith((".", "/")) for name in names)
    assert {member.type for member in members} == {tarfile.REGTYPE}
    assert not any(member.pax_headers for member in members)
    assert {(member.uid, member.gid, member.uname, member.mtime) for member in members} == {
        (0, 0, "root", build_spk.EPOCH)
    }
    assert {member.name for member in members if member.mode == 0o755} == {
        f"scripts/{name}" for name in build_spk.SCRIPTS
    }
    assert {"conf/privilege", "conf/resource", "LICENSE", "PACKAGE_ICON.PNG", "PACKAGE_ICON_256.PNG"} <= set(names)


@pytest.mark.parametrize(("dsm", "os_min_ver"), [("6", "6.2-23739"), ("7", "7.0-40000")])
def test_info_says_what_is_inside(dsm: str, os_min_ver: str, tmp_path: Path, icons: Path) -> None:
    with tarfile.open(made(tree(tmp_path / "tree", sorted(FILES)), tmp_path / "some.spk", icons, dsm)) as outer:
        info = outer.extractfile("INFO")
        payload = outer.extractfile("package.tgz")
        assert info is not None
        assert payload is not None
        facts = dict(re.findall(r'^(\w+)="(.*)"$', info.read().decode(), re.MULTILINE))
        packed = payload.read()
    assert facts["package"] == "Mailroom"
    assert facts["version"] == "0.1.0-0001"
    assert facts["arch"] == "x86_64"
    assert facts["os_min_ver"] == os_min_ver
    assert ("os_max_ver" in facts) == (dsm == "6")
    assert facts["checksum"] == hashlib.md5(packed).hexdigest()
    with tarfile.open(fileobj=io.BytesIO(packed)) as inner:
        assert int(facts["extractsize"]) == sum(member.size for member in inner) // 1024


def test_the_payload_holds_the_tree_and_nothing_of_this_machine(tmp_path: Path, icons: Path) -> None:
    payload = tree(tmp_path / "tree", sorted(FILES))
    (payload / "root/usr/sbin/postdrop").chmod(0o2555)
    (payload / "root/tmp").mkdir()
    (payload / "root/tmp").chmod(0o1777)
    with tarfile.open(made(payload, tmp_path / "some.spk", icons)) as outer:
        packed = outer.extractfile("package.tgz")
        assert packed is not None
        with tarfile.open(fileobj=packed) as inner:
            members = {member.name: member for member in inner}
            links = {name: member.linkname for name, member in members.items() if member.islnk() or member.issym()}
            content = {name: inner.extractfile(name).read() for name in FILES if name in members}  # type: ignore[union-attr]
    assert content == {name: content for name, (content, _) in FILES.items()}
    assert links == {"root/bin": "usr/bin", "root/usr/bin/perl5.36.0": "root/usr/bin/perl"}
    assert members["root/usr/sbin/postdrop"].mode == 0o555
    assert members["root/tmp"].mode == 0o755
    assert members["root/etc/shadow"].mode == 0o640
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members.values()} == {
        (0, 0, "root", "root")
    }
    assert {member.mtime for member in members.values()} == {build_spk.EPOCH}
