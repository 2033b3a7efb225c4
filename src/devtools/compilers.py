"""C compilers for each kind of NAS, and the headers of Debian packages that only compiling needs."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from devtools.command import run
from devtools.need import debian_sources
from devtools.places import PACKAGE
from devtools.say import Stop

# By DSM's name of the architecture (devtools.bundle.Architecture.dsm).
COMPILERS = {"x86_64": "gcc", "armv8": "aarch64-linux-gnu-gcc"}
# "name version architecture sha256" in lines, as debian.lock has them.
LOCK = PACKAGE / "headers.lock"


def locked(name: str, debian_arch: str) -> tuple[str, str]:
    """(version, sha256) of a package of headers. Raises Stop when the lock does not have it."""
    for line in LOCK.read_text().splitlines():
        words = line.split()
        if not line.startswith("#") and (words[0], words[2]) == (name, debian_arch):
            return words[1], words[3]
    raise Stop(f"package/headers.lock has no {name} for {debian_arch}: make it with ./dev lock.")


def headers(name: str, debian_arch: str, folder: Path) -> Path:
    """Unpack a locked package of headers into `folder`; nothing is installed. Raises Stop when its bytes differ."""
    version, digest = locked(name, debian_arch)
    archive = download(name, version, debian_arch, folder)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        raise Stop(f"{name} {version} is not what package/headers.lock says. Run ./dev lock.")
    run(("dpkg-deb", "--extract", archive, folder / "unpacked"))
    return folder / "unpacked" / "usr" / "include"


def download(name: str, version: str, debian_arch: str, folder: Path) -> Path:
    """One package from the machine's own sources, for any architecture; apt checks the signature of their lists."""
    state, parts = folder / "apt", folder / "apt" / "sources"
    for made in (state / "lists" / "partial", state / "cache" / "archives" / "partial", parts):
        made.mkdir(parents=True)
    for file in debian_sources():
        (parts / file.name).write_bytes(file.read_bytes())
    options = [
        f"APT::Architecture={debian_arch}", f"APT::Architectures={debian_arch}", "Dir::Etc::sourcelist=/dev/null",
        f"Dir::Etc::sourceparts={parts}", f"Dir::State::lists={state}/lists", f"Dir::Cache={state}/cache",
        "Dir::State::status=/dev/null", "APT::Sandbox::User=root", "Acquire::Languages=none",
    ]  # fmt: skip
    words = [word for option in options for word in ("-o", option)]
    run(("apt-get", "-qq", *words, "update"))
    run(("apt-get", "-qq", *words, "download", f"{name}={version}"), cwd=folder)
    (archive,) = folder.glob(f"{name}_*.deb")
    return archive


def lock(versions: dict[str, str], architectures: list[str]) -> str:
    """The lines of headers.lock: these packages in these versions."""
    lines = []
    for name, version in sorted(versions.items()):
        for debian_arch in architectures:
            with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
                archive = download(name, version, debian_arch, Path(folder))
                digest = hashlib.sha256(archive.read_bytes()).hexdigest()
            lines.append(f"{name} {version} {debian_arch} {digest}\n")
    return "".join(lines)
