"""The root for armv8: as configured as that for x86_64, and its programs run under an emulator."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from chrooted import facts, inside, needed_libraries, programs_and_libraries

from devtools import bundle
from devtools.bundle import ARMV8, X86_64
from devtools.foreign import EMULATORS

PROGRAMS = {
    "/usr/sbin/postconf -d mail_version": r"mail_version = 3\.7",
    "/usr/sbin/dovecot --version": r"^2\.3\.",
    "/usr/bin/perl -T /usr/sbin/spamd --version": r"SpamAssassin Server version 4\.",
    "/usr/sbin/clamd --version": r"ClamAV 1\.",
    "/usr/bin/rspamd --version": r"Rspamd daemon version 3\.",
    "/usr/sbin/unbound -V": r"Version 1\.17",
    "/usr/bin/openssl version": r"OpenSSL 3\.0",
}
IMPORTS = (
    "cherrypy, cryptography.hazmat.primitives.asymmetric.rsa, pydantic_core, nh3, uvloop, fast_mail_parser, "
    "sqlite3, ssl"
)
# Where the two architectures may differ in what lies there: libraries, and what only one kind of processor has.
LIBRARIES = re.compile(
    r"usr/lib(/ARCH|/rspamd/|/dovecot/|64|/ld-linux|/python3\.11/(lib-dynload|_sysconfigdata|__pycache__/_sysconfigdata))"
    r"|usr/lib/python3/dist-packages/|opt/mailroom/lib/|lib64$|usr/bin/(i386|x86_64)$|usr/share/doc/"
)


def emulated(root: Path, *argv: str, ends_with: int = 0) -> str:
    return inside(root, *argv, emulator=EMULATORS["armv8"], ends_with=ends_with)


@pytest.mark.parametrize("command", PROGRAMS)
def test_each_program_answers(armv8_root: Path, command: str) -> None:
    assert re.search(PROGRAMS[command], emulated(armv8_root, *command.split()), re.MULTILINE)


def test_the_supervisor_answers(armv8_root: Path) -> None:
    assert "usage: s6-svscan" in emulated(armv8_root, "/usr/bin/s6-svscan", "-h", ends_with=100)


def test_python_runs_with_all_that_is_compiled_for_the_processor(armv8_root: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, '/opt/mailroom/lib'); import platform, {IMPORTS}; print(platform.machine())"
    )
    assert emulated(armv8_root, "/usr/bin/python3.11", "-s", "-c", program) == "aarch64\n"


def test_everything_is_for_the_processor_and_finds_its_libraries(armv8_root: Path) -> None:
    for path in programs_and_libraries(armv8_root):
        assert path.read_bytes()[18:20] == b"\xb7\x00", path
    assert needed_libraries(armv8_root) == set()


def test_the_loader_knows_the_libraries(armv8_root: Path) -> None:
    cache = (armv8_root / "etc/ld.so.cache").read_bytes()
    assert cache.count(b"/aarch64-linux-gnu/lib") > 100
    assert b"x86_64" not in cache


def test_files_owners_and_modes_are_those_of_x86_64(root: Path, armv8_root: Path) -> None:
    there = {name.replace(X86_64.triplet, "ARCH"): found for name, found in facts(root).items()}
    here = {name.replace(ARMV8.triplet, "ARCH"): found for name, found in facts(armv8_root).items()}
    assert {name for name in {*there} ^ {*here} if not LIBRARIES.match(name)} == set()
    different = {name: (there[name], here[name]) for name in {*there} & {*here} if there[name] != here[name]}
    assert different == {}
    assert len({*there} & {*here}) > 8000


@pytest.mark.parametrize(
    "name", ["passwd", "group", "shadow", "ssl/certs/ca-certificates.crt", "postfix/dynamicmaps.cf"]
)
def test_what_configuring_made_is_the_same(root: Path, armv8_root: Path, name: str) -> None:
    assert (armv8_root / "etc" / name).read_bytes() == (root / "etc" / name).read_bytes()


def test_users_of_the_daemons_are_there(armv8_root: Path) -> None:
    users = {line.split(":")[0] for line in (armv8_root / "etc/passwd").read_text().splitlines()}
    assert {
        "postfix",
        "dovecot",
        "dovenull",
        "debian-spamd",
        "clamav",
        "_rspamd",
        "unbound",
        "mailroom",
        "vmail",
    } <= users


def test_dpkg_lists_the_locked_packages(armv8_root: Path) -> None:
    locked = {name: version for name, (version, _) in bundle.locked_packages(ARMV8.debian).items()}
    assert bundle.installed(armv8_root) == locked
