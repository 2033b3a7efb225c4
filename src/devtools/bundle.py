"""The bundle: one root file system with every daemon, Python and the wheels, from locked Debian and Python packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools import cache, dovecot_plugin, slim
from devtools.command import run
from devtools.need import debian_sources
from devtools.places import PACKAGE, SYSTEM_PYTHON
from devtools.say import Stop, step

SUITE = "bookworm"
EPOCH = "1767225600"
PINS = "etc/apt/preferences.d/locked"
# The bundle's own documentation stays until only the copyrights are left of it.
UNWANTED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*")
# Users that own what is ours: (name, uid = gid): the filter, the mailboxes, the web process. Fixed, so that data
# survives an upgrade.
OUR_USERS = (("mailroom", 880), ("vmail", 881), ("mailroom-web", 882))
# mmdebstrap mounts things in the root that it makes. In namespaces of its own, which end with us, a builder that is
# killed leaves neither mounts nor processes in the folder that the next one has to remove.
ALONE = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


@dataclass(frozen=True)
class Architecture:
    """One kind of NAS: DSM's name, Debian's name, the wheels' platforms, the loader's path."""

    dsm: str
    debian: str
    triplet: str
    platforms: tuple[str, ...]
    loader: str


X86_64 = Architecture(
    "x86_64", "amd64", "x86_64-linux-gnu", ("manylinux2014_x86_64", "manylinux_2_28_x86_64", "manylinux_2_34_x86_64"),
    "lib64/ld-linux-x86-64.so.2",
)  # fmt: skip
ARMV8 = Architecture(
    "armv8", "arm64", "aarch64-linux-gnu",
    ("manylinux2014_aarch64", "manylinux_2_28_aarch64", "manylinux_2_34_aarch64"),
    "lib/ld-linux-aarch64.so.1",
)  # fmt: skip
ARCHITECTURES = {one.dsm: one for one in (X86_64, ARMV8)}


def wanted_packages() -> list[str]:
    """The names in debian.in."""
    lines = (PACKAGE / "debian.in").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def locked_packages(debian_arch: str) -> dict[str, tuple[str, str]]:
    """{name: (version, sha256)} of debian.lock for one architecture."""
    found = {}
    for line in (PACKAGE / "debian.lock").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version, arch, digest = line.split()
            if arch == debian_arch:
                found[name] = (version, digest)
    return found


def root(arch: Architecture = X86_64) -> Path:
    """The configured root of the bundle, built or from the cache. Nobody may write in it."""
    if arch is not X86_64:
        from devtools.foreign import foreign_root

        return foreign_root(arch)
    return cache.built(f"root-{arch.debian}", key(arch), lambda folder: _build(folder, arch)) / "root"


def key(arch: Architecture, *more: Path | str) -> str:
    """Names all that the root of this architecture is made from."""
    wheels_lock, patches = PACKAGE / "python.lock", (PACKAGE / "patches").glob("*")
    code = (Path(__file__), Path(slim.__file__), slim.LEFT_OUT)
    plugin = dovecot_plugin.sources()
    return cache.key_of([repr(locked_packages(arch.debian)), wheels_lock, *code, *plugin, *patches, *more])


def _build(folder: Path, arch: Architecture) -> None:
    locked = locked_packages(arch.debian)
    if not locked:
        raise Stop("package/debian.lock is empty: make it with ./dev lock.")
    target = folder / "root"
    with step("Debian packages of the bundle"):
        debian_root(target, [f"{name}={version}" for name, (version, _) in locked.items()], arch)
    verify(target, locked, archive_digests(target))
    ours(target)
    # What the maintainer scripts made, for the root of another architecture, where they cannot run.
    (folder / "made").write_text(_lines(slim.made_by_configuring(target)))
    (folder / "brought").write_text(_lines(slim.packaged(target)))
    slim.without_packages(target)
    run((target / "sbin/ldconfig", "-X", "-r", target))
    finish(target, arch)


def _lines(words: set[str]) -> str:
    return "".join(f"{word}\n" for word in sorted(words))


def debian_root(
    target: Path, packages: list[str], arch: Architecture, more: Sequence[str] = ("--variant=minbase",)
) -> None:
    """Let mmdebstrap make a root of these packages. Raises Stop; a version that the archive has no more is named."""
    options = [f"--dpkgopt=path-exclude={path}" for path in UNWANTED if "/doc/" not in path]
    # The package lists stay until what was installed is compared with the lock.
    # A root is made anew after a power cut, so nothing has to wait for the disk.
    options += ["--dpkgopt=force-unsafe-io", "--skip=cleanup/apt/lists", '--aptopt=APT::Install-Recommends "false"']
    try:
        with tempfile.NamedTemporaryFile("w", prefix="pins-") as pins:
            pins.write(pinned(packages))
            pins.flush()
            options.append(f"--setup-hook=upload {pins.name} /{PINS}")
            _make(target, packages, arch, [*more, *options])
    except Stop as reason:
        if "was not found" in str(reason):
            raise Stop(f"{reason}\nDebian has replaced a locked version. Renew the locks with: ./dev lock") from None
        raise
    (target / PINS).unlink()


def pinned(packages: list[str]) -> str:
    """apt_preferences(5) that hold each `name=version` to its version.

    After a security update the archive has the locked version and its successor. mmdebstrap asks for the packages of
    priority "required" by no version, and so would take the successor in spite of ours.
    """
    locked = (package.split("=", 1) for package in packages if "=" in package)
    return "\n".join(f"Package: {name}\nPin: version {version}\nPin-Priority: 1001\n" for name, version in locked)


def _make(target: Path, packages: list[str], arch: Architecture, options: Sequence[str]) -> None:
    run(
        (
            *ALONE, "mmdebstrap", "--quiet", f"--architectures={arch.debian}", *options,
            f"--include={','.join(packages)}", SUITE, target, *debian_sources(),
        ),
        env={"SOURCE_DATE_EPOCH": EPOCH},
    )  # fmt: skip


def installed(target: Path) -> dict[str, str]:
    """{name: version} of what dpkg says is in this root."""
    status = (target / "var/lib/dpkg/status").read_text().split("\n\n")
    found = {}
    for entry in status:
        fields = dict(line.split(": ", 1) for line in entry.splitlines() if ": " in line and not line.startswith(" "))
        if fields.get("Package"):
            found[fields["Package"]] = fields["Version"]
    return found


def archive_digests(target: Path) -> dict[tuple[str, str], str]:
    """{(name, version): sha256} from the signed package lists that apt used for this root."""
    found = {}
    for lists in (target / "var/lib/apt/lists").glob("*_Packages*"):
        text = subprocess.run(
            ("/usr/lib/apt/apt-helper", "cat-file", str(lists)), capture_output=True, check=True
        ).stdout
        for entry in text.decode().split("\n\n"):
            fields = dict(
                line.split(": ", 1) for line in entry.splitlines() if ": " in line and not line.startswith(" ")
            )
            if "SHA256" in fields:
                found[fields["Package"], fields["Version"]] = fields["SHA256"]
    return found


def verify(target: Path, locked: dict[str, tuple[str, str]], digests: dict[tuple[str, str], str]) -> None:
    """Raises Stop unless exactly the locked packages, with the locked digests, are in this root."""
    there = installed(target)
    wrong = sorted({*there, *locked} - ({*there} & {*locked}))
    wrong += [name for name in there if name in locked and there[name] != locked[name][0]]
    wrong += [name for name, (version, digest) in locked.items() if digests.get((name, version)) != digest]
    if wrong:
        raise Stop(f"What was installed is not what package/debian.lock says: {', '.join(wrong[:10])}. Run ./dev lock.")


def wheels(target: Path, arch: Architecture) -> None:
    """Install the locked wheels, each checked by its hash, into a folder."""
    platforms = [word for name in arch.platforms for word in ("--platform", name)]
    run(
        (
            SYSTEM_PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-compile",
            "--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11", *platforms,
            "--target", target, "-r", PACKAGE / "python.lock",
        )
    )  # fmt: skip


def ours(target: Path) -> None:
    """Our users and our folders."""
    for name, number in OUR_USERS:
        with (target / "etc/passwd").open("a") as users:
            users.write(f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n")
        with (target / "etc/group").open("a") as groups:
            groups.write(f"{name}:x:{number}:\n")
        with (target / "etc/shadow").open("a") as shadow:
            shadow.write(f"{name}:!:20000::::::\n")
    for name in ("data", "mail", "opt/mailroom/app", "opt/mailroom/ui"):
        (target / name).mkdir(parents=True, exist_ok=True)
    # The target is never written at run time: what changes lives in /run.
    for name in ("etc/resolv.conf", "etc/hostname", "etc/hosts"):
        file = target / name
        file.unlink(missing_ok=True)
        file.symlink_to(f"/run/host/{Path(name).name}" if name != "etc/resolv.conf" else "/run/mailroom-resolv.conf")


def finish(target: Path, arch: Architecture) -> None:
    """The wheels, our plugin of Dovecot, nothing that is not shipped, and all Python compiled."""
    dovecot_plugin.install(target, arch.dsm, arch.debian)
    with step(f"Python packages of the bundle for {arch.dsm}"):
        wheels(target / "opt/mailroom/lib", arch)
    slim.clear(target)
    for cached in list(target.rglob("__pycache__")):
        shutil.rmtree(cached)
    for folder in ("usr/lib/python3.11", "usr/lib/python3/dist-packages", "opt/mailroom/lib"):
        compile_python(target / folder, f"/{folder}")
    os.chmod(target, 0o755)


def compile_python(folder: Path, known_as: str) -> None:
    """Compile every module below, once, here: the package never writes where it lies.

    Bytecode with unchecked hashes (PEP 552) is the same whenever it is made; `known_as` is the folder's name in the
    bundle. One process and one order, so that the same sources give the same bytes.
    """
    run(
        (
            SYSTEM_PYTHON, "-I", "-m", "compileall", "-q", "-j", "1", "--invalidation-mode", "unchecked-hash",
            "-s", folder, "-p", known_as, folder,
        )
    )  # fmt: skip
