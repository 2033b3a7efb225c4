"""The bundle's root for a NAS whose programs this machine cannot run.

The packages are unpacked, not configured. What configuring makes (users, links of alternatives, generated files, owners
and modes) does not depend on the processor, and the x86_64 root of the same packages has it: it is taken over from
there. Why, and what was weighed: docs/decisions/0006-armv8.md.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from devtools import bundle, cache, dovecot_plugin, slim
from devtools.bundle import X86_64, Architecture
from devtools.command import run
from devtools.say import Stop, step

EMULATORS = {"armv8": "qemu-aarch64-static"}
# Made anew: from the libraries that are there, and from the packages that were unpacked.
NOT_TAKEN_OVER = ("etc/ld.so.cache", "var/lib/dpkg/arch", "var/lib/dpkg/status")
ONE_PROCESSOR = ("lib64", "usr/bin/i386", "usr/bin/x86_64")
ARCHIVES = "var/cache/apt/archives"
# mmdebstrap's own script for a root whose /bin, /sbin and /lib are links into /usr.
MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr/setup00.sh"


def foreign_root(arch: Architecture) -> Path:
    """The root of the bundle for another architecture, built or from the cache. Nobody may write in it."""
    pattern = bundle.root(X86_64).parent
    key = bundle.key(arch, Path(__file__), pattern.name)
    return cache.built(f"root-{arch.debian}", key, lambda folder: _build(folder, arch, pattern)) / "root"


def _build(folder: Path, arch: Architecture, pattern: Path) -> None:
    locked = bundle.locked_packages(arch.debian)
    if not locked:
        raise Stop(f"package/debian.lock has nothing for {arch.debian}: make it with ./dev lock.")
    target = folder / "root"
    with step(f"Debian packages of the bundle for {arch.dsm}"):
        digests = unpack(target, [f"{name}={version}" for name, (version, _) in locked.items()], arch)
    bundle.verify(target, locked, digests)
    for folder_of_apt in (ARCHIVES, "var/lib/apt"):
        shutil.rmtree(target / folder_of_apt)
    with step(f"taking over the configuration for {arch.dsm}"):
        take_over(pattern, target, arch)
        run((EMULATORS[arch.dsm], target / "sbin/ldconfig", "-X", "-r", target))
    bundle.finish(target, arch)


def unpack(target: Path, packages: list[str], arch: Architecture) -> dict[tuple[str, str], str]:
    """Unpack these packages and what they need; {(name, version): sha256}. dpkg's status calls them installed."""
    options = ("--variant=extract", "--skip=check/empty,check/qemu,cleanup/apt/cache", f"--setup-hook={MERGED_USR}")
    bundle.debian_root(target, packages, arch, options)
    found, status = {}, ""
    for archive in sorted((target / ARCHIVES).glob("*.deb")):
        control = run(("dpkg-deb", "--field", archive))
        name, version = (run(("dpkg-deb", "--field", archive, field)).strip() for field in ("Package", "Version"))
        found[name, version] = hashlib.sha256(archive.read_bytes()).hexdigest()
        status += control.replace("\n", "\nStatus: install ok installed\n", 1) + "\n"
    (target / "var/lib/dpkg/status").write_text(status)
    return found


def take_over(pattern: Path, target: Path, arch: Architecture) -> None:
    """Make `target` like the configured root in `pattern`: the same files, owners and modes; content of what was made.

    Raises Stop when the packages of the two architectures differ in more than their libraries.
    """
    configured = pattern / "root"
    made = set((pattern / "made").read_text().splitlines())
    brought = {renamed(name, arch) for name in (pattern / "brought").read_text().splitlines()}
    wanted = {renamed(name, arch): name for name in names(configured) - {*NOT_TAKEN_OVER}}
    # What x86_64's packages have brought and its root has not was left out.
    for name in sorted(names(target), reverse=True):
        if name not in wanted and name in brought and not slim.is_folder(target / name):
            (target / name).unlink()
    lost = []
    for name, there in sorted(wanted.items()):
        source, copy = configured / there, target / name
        if slim.is_folder(source):
            copy.mkdir(exist_ok=True)
        elif there in made or (source.is_symlink() and slim.is_folder(copy)):
            take(source, copy, arch)
        elif not os.path.lexists(copy):
            lost += [] if for_one_processor(name, arch) else [name]
            continue
        facts = source.lstat()
        os.chown(copy, facts.st_uid, facts.st_gid, follow_symlinks=False)
        if not copy.is_symlink():
            copy.chmod(facts.st_mode & 0o7777)
    if lost:
        raise Stop(f"The packages for {arch.debian} lack what those for {X86_64.debian} have: {', '.join(lost[:10])}")
    for name in sorted(names(target) - {*wanted}, reverse=True):
        if slim.is_folder(target / name) and name in brought and not any((target / name).iterdir()):
            (target / name).rmdir()


def names(root: Path) -> set[str]:
    """All paths below that are Debian's, without wheels, bytecode and our plugin, which each architecture gets anew."""
    found = (str(path.relative_to(root)) for path in slim.everything(root))
    anew = ("opt/mailroom/lib", dovecot_plugin.PLACE)
    return {name for name in found if not name.startswith(anew) and "__pycache__" not in name}


def renamed(name: str, arch: Architecture) -> str:
    """A path or a link of the x86_64 root as the other architecture calls it."""
    return name.replace(X86_64.triplet, arch.triplet)


def take(source: Path, copy: Path, arch: Architecture) -> None:
    """Copy a file or link that configuring made, over whatever lies there."""
    slim.remove(copy)
    if source.is_symlink():
        copy.symlink_to(renamed(os.readlink(source), arch))
    else:
        shutil.copyfile(source, copy)


def for_one_processor(name: str, arch: Architecture) -> bool:
    """Whether a file may be missing: a library with its copyright, or a program that only one kind of processor has."""
    return f"/{arch.triplet}/" in name or name.startswith(("usr/share/doc/", "usr/lib64")) or name in ONE_PROCESSOR
