"""Renewing the locks: what debian.in and the *.in files of Python mean today, written down with hashes."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from devtools.bundle import ARCHITECTURES, Architecture, archive_digests, debian_root, installed, wanted_packages
from devtools.command import run
from devtools.places import PACKAGE, SYSTEM_PYTHON
from devtools.say import step

HEAD = "# Made by `./dev lock`; do not edit.\n"
Wheels = dict[tuple[str, str], set[str]]


def renew() -> None:
    """Write debian.lock, python.lock and dev.lock anew."""
    (PACKAGE / "debian.lock").write_text(HEAD + "".join(_debian(arch) for arch in ARCHITECTURES.values()))
    bundle: Wheels = {}
    for arch in ARCHITECTURES.values():
        with step(f"Python packages for {arch.dsm}"):
            _merge(bundle, _resolve(PACKAGE / "python.in", arch))
    (PACKAGE / "python.lock").write_text(HEAD + _lines(bundle))
    with step("Python packages for developers"):
        (PACKAGE / "dev.lock").write_text(HEAD + _lines(_resolve(PACKAGE / "dev.in", None)))


def _debian(arch: Architecture) -> str:
    scratch = Path(tempfile.mkdtemp(dir="/var/tmp"))
    try:
        with step(f"Debian packages for {arch.dsm}"):
            foreign = arch.debian != run(("dpkg", "--print-architecture")).strip()
            debian_root(scratch / "root", wanted_packages(), arch, "extract" if foreign else "minbase")
        digests = archive_digests(scratch / "root")
        there = installed(scratch / "root")
        return "".join(
            f"{name} {version} {arch.debian} {digests[name, version]}\n" for name, version in sorted(there.items())
        )
    finally:
        shutil.rmtree(scratch)


def _resolve(wanted: Path, arch: Architecture | None) -> Wheels:
    """{(name, version): hashes} that pip chooses for one architecture of the bundle, or for this machine."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        options = ["--only-binary=:all:", "--target", scratch, "--implementation", "cp", "--python-version", "3.11"]
        for name in arch.platforms if arch else ("manylinux2014_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64"):
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
