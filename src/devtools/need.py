"""Debian packages that a command needs: what is missing is installed, by name, from the machine's own sources."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from devtools.command import run
from devtools.say import Stop, say, step

BUILD = (
    "mmdebstrap",
    "python3-venv",
    "python3-pip",
    "gcc",
    "libc6-dev",
    "xz-utils",
    "util-linux",
    "iproute2",
    "procps",
)
TESTS = ("git", "openssl", "curl", "chromium", "fonts-dejavu-core", "fonts-noto-cjk")
ARMV8 = ("qemu-user-static", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "arch-test")


def missing(packages: tuple[str, ...]) -> list[str]:
    """Which of these packages are not installed."""
    asked = subprocess.run(
        ("dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *packages),
        capture_output=True,
        text=True,
        check=False,
    )
    there = {line.split()[0] for line in asked.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in packages if name not in there]


def need(*groups: tuple[str, ...]) -> None:
    """Install what is missing. Raises Stop when that needs rights we do not have."""
    wanted = missing(tuple(name for group in groups for name in group))
    if not wanted:
        return
    if os.geteuid() != 0:
        raise Stop(f"These Debian packages are missing: {' '.join(wanted)}. Run the same command with sudo.")
    if not shutil.which("apt-get"):
        raise Stop("This is not a Debian machine: there is no apt-get.")
    say(f"  Debian packages to install: {' '.join(wanted)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with step("installing Debian packages"):
        run(("apt-get", "-qq", "update"), env=quiet)
        run(("apt-get", "-qqy", "--no-install-recommends", "install", *wanted), env=quiet)


def root() -> None:
    """Raises Stop unless we are root: building a root file system and making namespaces need it."""
    if os.geteuid() != 0:
        raise Stop("This needs root: run it with sudo.")


def debian_sources() -> list[Path]:
    """The machine's own package sources (sources.list(5)), for roots that are built from the same ones."""
    folder = Path("/etc/apt")
    named = [
        *sorted((folder / "sources.list.d").glob("*.sources")),
        *sorted((folder / "sources.list.d").glob("*.list")),
    ]
    plain = folder / "sources.list"
    return [file for file in (plain, *named) if file.exists() and file.read_text().strip()]
