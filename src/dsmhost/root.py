"""The machine's own root file system: what DSM has and no more. No Python, no Perl, no dpkg."""

from __future__ import annotations

import shutil
from pathlib import Path

from devtools import cache
from devtools.bundle import ALONE, EPOCH, SUITE, UNWANTED
from devtools.command import run
from devtools.need import debian_sources
from devtools.say import step

PACKAGES = (
    "bash", "coreutils", "util-linux", "mount", "passwd", "login", "libpam-modules", "libpam-runtime", "procps",
    "iproute2", "tar", "gzip", "xz-utils", "sed", "grep", "mawk", "findutils", "curl", "openssl", "libcap2-bin",
    "hostname", "ca-certificates", "tzdata", "diffutils",
)  # fmt: skip
NOT_ON_DSM = (
    "usr/bin/perl*", "usr/share/perl*", "usr/lib/*/perl*", "usr/bin/apt*", "usr/lib/apt", "usr/bin/dpkg*",
    "usr/share/dpkg", "var/lib/dpkg", "var/lib/apt", "var/cache/apt", "usr/lib/dpkg", "usr/sbin/dpkg*", "etc/apt",
    "usr/share/debconf", "usr/lib/x86_64-linux-gnu/libperl*", "usr/bin/deb*", "usr/share/bash-completion",
)  # fmt: skip
GROUPS = {"users": 100, "administrators": 101, "system": 1022, "http": 1023}
USERS = (
    "http:x:1023:1023::/var/services/web:/sbin/nologin",
    "admin:x:1024:100:System default user:/var/services/homes/admin:/bin/sh",
    "guest:x:1025:100:Guest:/nonexist:/usr/bin/nologin",
)
FOLDERS = (
    "usr/syno/bin", "usr/syno/sbin", "usr/syno/etc/packages", "usr/syno/synoman/webman/modules",
    "usr/syno/synoman/webman/3rdparty", "volume1", "var/packages", "var/services/homes", "var/log/packages",
    "usr/local/bin", "usr/local/etc/services.d", "etc/nginx/conf.d",
)  # fmt: skip
PAM = """auth required pam_unix.so
account required pam_unix.so
password required pam_unix.so sha512
session required pam_unix.so
"""
SERVICES = ("login", "sshd", "webui", "other", "passwd", "chpasswd")


def root() -> Path:
    """The common lower layer of all machines, built or from the cache."""
    return cache.built("dsm-root", cache.key_of([Path(__file__)]), _build) / "root"


def _build(folder: Path) -> None:
    target = folder / "root"
    options = [f"--dpkgopt=path-exclude={path}" for path in UNWANTED]
    with step("root of the stand-in machine"):
        run(
            (
                *ALONE, "mmdebstrap", "--quiet", "--variant=minbase", '--aptopt=APT::Install-Recommends "false"',
                *options, f"--include={','.join(PACKAGES)}", SUITE, target, *debian_sources(),
            ),
            env={"SOURCE_DATE_EPOCH": EPOCH},
        )  # fmt: skip
    for pattern in NOT_ON_DSM:
        for path in target.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name in FOLDERS:
        (target / name).mkdir(parents=True, exist_ok=True)
    # DSM has it there; Debian in sbin.
    (target / "usr/bin/setcap").symlink_to("../sbin/setcap")
    _people(target)


def _people(target: Path) -> None:
    """DSM's fixed groups and users; PAM as plain as there."""
    taken = {str(number) for number in GROUPS.values()}
    groups = [line for line in (target / "etc/group").read_text().splitlines()]
    groups = [line for line in groups if line.split(":")[0] not in GROUPS and line.split(":")[2] not in taken]
    groups += [f"{name}:x:{number}:{'admin' if name == 'administrators' else ''}" for name, number in GROUPS.items()]
    (target / "etc/group").write_text("\n".join(groups) + "\n")
    with (target / "etc/passwd").open("a") as users, (target / "etc/shadow").open("a") as shadow:
        for line in USERS:
            users.write(f"{line}\n")
            shadow.write(f"{line.partition(':')[0]}:!:20000::::::\n")
    for service in SERVICES:
        (target / "etc/pam.d" / service).write_text(PAM)
