"""Renewing the locks: what debian.in and the *.in files of Python mean today, written down with hashes."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from devtools import compilers, dovecot_plugin
from devtools.bundle import (
    ARCHITECTURES,
    X86_64,
    Architecture,
    archive_digests,
    debian_root,
    installed,
    locked_packages,
    wanted_packages,
)
from devtools.command import run
from devtools.foreign import unpack
from devtools.licences import write_licences
from devtools.places import PACKAGE, SYSTEM_PYTHON
from devtools.say import step

HEAD = "# Made by `./dev lock`; do not edit.\n"
# Wanted by jaraco.text for its command line and by zc.lockfile for its tests' sake; nothing of ours comes there.
NOT_SHIPPED = frozenset(
    ("annotated-doc", "markdown-it-py", "mdurl", "pygments", "rich", "setuptools", "shellingham", "typer", "typer-slim")
)
Wheels = dict[tuple[str, str], set[str]]


def renew() -> None:
    """Write debian.lock, headers.lock, python.lock, dev.lock and LICENSES/README.md anew."""
    (PACKAGE / "debian.lock").write_text(HEAD + _debian())
    with step("headers that our plugin of Dovecot is compiled with"):
        core = locked_packages(X86_64.debian)["dovecot-core"][0]
        architectures = [arch.debian for arch in ARCHITECTURES.values()]
        compilers.LOCK.write_text(HEAD + compilers.lock({dovecot_plugin.HEADERS: core}, architectures))
    bundle: Wheels = {}
    for arch in ARCHITECTURES.values():
        with step(f"Python packages for {arch.dsm}"):
            _merge(bundle, _resolve(PACKAGE / "python.in", arch))
    (PACKAGE / "python.lock").write_text(
        HEAD + _lines({key: bundle[key] for key in bundle if key[0] not in NOT_SHIPPED})
    )
    with step("Python packages for developers"):
        (PACKAGE / "dev.lock").write_text(HEAD + _lines(_resolve(PACKAGE / "dev.in", None)))
    write_licences()


def _debian() -> str:
    """The lines of debian.lock: what apt chooses for x86_64, and from the same wishes for the others."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        scratch = Path(folder)
        with step(f"Debian packages for {X86_64.dsm}"):
            debian_root(scratch / "root", wanted_packages(), X86_64)
            digests, there = archive_digests(scratch / "root"), installed(scratch / "root")
            base = required(scratch / "root")
        found = {(name, X86_64.debian): (version, digests[name, version]) for name, version in there.items()}
        for arch in ARCHITECTURES.values():
            if arch is not X86_64:
                with step(f"Debian packages for {arch.dsm}"):
                    got = unpack(scratch / arch.debian, [*base, *wanted_packages()], arch)
                found |= {(name, arch.debian): (version, digest) for (name, version), digest in got.items()}
    return "".join(f"{name} {version} {arch} {digest}\n" for (name, arch), (version, digest) in sorted(found.items()))


def required(target: Path) -> list[str]:
    """The packages that every Debian root has: mmdebstrap takes them by itself only where it may run them."""
    entries = (target / "var/lib/dpkg/status").read_text().split("\n\n")
    return ["apt", *(entry.split()[1] for entry in entries if "\nPriority: required\n" in entry)]


def _resolve(wanted: Path, arch: Architecture | None) -> Wheels:
    """{(name, version): hashes} that pip chooses for one architecture of the bundle, or for this machine."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        options = ["--only-binary=:all:", "--target", scratch, "--implementation", "cp", "--python-version", "3.11"]
        for name in (
            arch.platforms if arch else ("manylinux2014_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64")
        ):
            options += ["--platform", name]
        run(
            (
                SYSTEM_PYTHON, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed",
                "--report", report, *options, "-r", wanted,
            )
        )  # fmt: skip
        chosen = json.loads(report.read_text())["install"]
    found: Wheels = {}
    for one in chosen:
        name = one["metadata"]["name"].lower().replace("_", "-")
        digest = one["download_info"]["archive_info"]["hashes"]["sha256"]
        found.setdefault((name, one["metadata"]["version"]), set()).add(digest)
    return found


def _merge(into: Wheels, more: Wheels) -> None:
    for key, digests in more.items():
        into.setdefault(key, set()).update(digests)


def _lines(wheels: Wheels) -> str:
    return "".join(
        f"{name}=={version}" + "".join(f" \\\n    --hash=sha256:{digest}" for digest in sorted(digests)) + "\n"
        for (name, version), digests in sorted(wheels.items())
    )
