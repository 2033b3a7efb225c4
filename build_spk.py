#!/usr/bin/env python3
"""Puts an SPK together: the same input gives the same bytes, whatever the clock, the umask or the user.

build(tree, out, ...) takes a folder that is the payload as it shall lie in `target/`, and the files of this checkout
that are DSM's: INFO, conf/, scripts/, WIZARD_UIFILES/, icons. Standard library only. `./dev spk` prepares the payload.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
EPOCH = 1_767_225_600
# Nobody but the owner may write in the payload; `owners` tells root's start script where more is allowed.
MODE = 0o755
SCRIPTS = ("preinst", "postinst", "preuninst", "postuninst", "preupgrade", "postupgrade", "start-stop-status")


@dataclass(frozen=True)
class Generation:
    """What differs between DSM's generations."""

    name: str
    os_min_ver: str
    os_max_ver: str
    icon: int
    depends: str
    restarts: str


GENERATIONS = {
    "6": Generation("6", "6.2-23739", "7.0-40000", 72, "", "nginx"),
    "7": Generation("7", "7.0-40000", "", 64, "WebStation>=3.0.0", "nginx.service"),
}


def build(tree: Path, out: Path, *, arch: str, dsm: str, version: str, icons: Path, fast: bool = False) -> Path:
    """Write the SPK to `out` and return it.

    arch: x86_64 | armv8. dsm: 6 | 7. icons: folder with mailroom_64.png, _72.png, _256.png.
    fast: gzip's quickest level instead of xz, for development; DSM takes both.
    """
    generation = GENERATIONS[dsm]
    payload = out.with_suffix(".payload")
    digest, unpacked_kb = _payload(tree, payload, fast)
    members: list[tuple[str, bytes, int]] = [
        ("INFO", _info(generation, arch, version, digest, unpacked_kb).encode(), 0o644),
        ("PACKAGE_ICON.PNG", (icons / f"mailroom_{generation.icon}.png").read_bytes(), 0o644),
        ("PACKAGE_ICON_256.PNG", (icons / "mailroom_256.png").read_bytes(), 0o644),
        ("conf/privilege", (HERE / "conf" / f"privilege.{dsm}").read_bytes(), 0o644),
        ("conf/resource", (HERE / "conf" / f"resource.{dsm}").read_bytes(), 0o644),
    ]
    members += [(f"scripts/{name}", (HERE / "scripts" / name).read_bytes(), 0o755) for name in SCRIPTS]
    wizards = sorted((HERE / "WIZARD_UIFILES").iterdir())
    members += [(f"WIZARD_UIFILES/{file.name}", file.read_bytes(), 0o644) for file in wizards]
    members += [("LICENSE", (HERE / "LICENSES" / "README.md").read_bytes(), 0o644)]
    fresh = out.with_suffix(".part")
    # Package Center wants a plain tar with plain headers: no compression, no ./, no pax records.
    with tarfile.open(fresh, "w", format=tarfile.USTAR_FORMAT) as outer:
        for name, content, mode in members:
            outer.addfile(_plain(tarfile.TarInfo(name), mode, len(content)), io.BytesIO(content))
        with payload.open("rb") as content_file:
            outer.addfile(_plain(tarfile.TarInfo("package.tgz"), 0o644, payload.stat().st_size), content_file)
    payload.unlink()
    fresh.replace(out)
    return out


def _info(generation: Generation, arch: str, version: str, digest: str, unpacked_kb: int) -> str:
    facts = {
        "version": version,
        "arch": arch,
        "os_min_ver": generation.os_min_ver,
        "os_max_ver": generation.os_max_ver,
        "install_dep_packages": generation.depends,
        # DSM's web server reads our files (package/nginx-clients.conf, on DSM 6 nginx.conf too) when it is restarted.
        "instuninst_restart_services": generation.restarts,
        "extractsize": str(unpacked_kb),
        "checksum": digest,
    }
    return (HERE / "INFO").read_text() + "".join(f'{key}="{value}"\n' for key, value in facts.items() if value)


def _payload(tree: Path, target: Path, fast: bool) -> tuple[str, int]:
    """Write `tree` as a compressed tar; (its MD5, which DSM checks against damage; kilobytes unpacked)."""
    if fast:
        with target.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as out:
            size = _tar(tree, out)
    else:
        # Blocks of a fixed size: the same bytes with any number of processors.
        argv = ("xz", "-6", "--threads=0", "--block-size=33554432", "--stdout")
        with target.open("wb") as raw, subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=raw) as packer:
            assert packer.stdin is not None
            size = _tar(tree, packer.stdin)
            packer.stdin.close()
        if packer.returncode:
            raise OSError(f"xz failed with {packer.returncode}")
    digest = hashlib.md5(usedforsecurity=False)
    with target.open("rb") as packed:
        while piece := packed.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest(), size // 1024


def _tar(tree: Path, out: object) -> int:
    total, linked = 0, dict[int, str]()
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.GNU_FORMAT) as tar:  # type: ignore[call-overload]
        for path in walk(tree):
            name = str(path.relative_to(tree))
            facts = path.lstat()
            entry = tarfile.TarInfo(name)
            if path.is_symlink():
                entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(path)
                tar.addfile(_plain(entry, 0o777, 0))
            elif path.is_dir():
                entry.type = tarfile.DIRTYPE
                tar.addfile(_plain(entry, facts.st_mode & MODE, 0))
            elif facts.st_ino in linked:
                entry.type, entry.linkname = tarfile.LNKTYPE, linked[facts.st_ino]
                tar.addfile(_plain(entry, facts.st_mode & MODE, 0))
            elif stat.S_ISREG(facts.st_mode):
                if facts.st_nlink > 1:
                    linked[facts.st_ino] = name
                with path.open("rb") as content:
                    tar.addfile(_plain(entry, facts.st_mode & MODE, facts.st_size), content)
                total += facts.st_size
    return total


def walk(tree: Path) -> Iterator[Path]:
    """Everything below, parents first, in an order that no file system decides."""
    for path in sorted(tree.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from walk(path)


def _plain(entry: tarfile.TarInfo, mode: int, size: int) -> tarfile.TarInfo:
    entry.mode, entry.size, entry.mtime = mode, size, EPOCH
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
