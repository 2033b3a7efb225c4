"""Looking into a root of the bundle, and running its programs where they are at home."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from devtools import slim

NOBODY = "65534:65534"
SETUP = """set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount -t tmpfs -o mode=1777 dev "$1/dev"
mknod -m 666 "$1/dev/null" c 1 3
mknod -m 666 "$1/dev/zero" c 1 5
mknod -m 666 "$1/dev/urandom" c 1 9
[ -z "$2" ] || cp "$2" "$1/dev/emulator"
root=$1
shift 2
exec chroot --userspec=$NOBODY "$root" "$@"
"""

PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64}")
PROGRAM = b"\x7fELF"
Facts = tuple[str, int, int, int]


def inside(root: Path, *argv: str, emulator: str = "", ends_with: int = 0) -> str:
    """Run a program in the root, which it cannot write to, as nobody; what it said, errors too. It must end
    with this code.

    Mounts are made in namespaces of the program's own and end with it. /dev can be written.
    """
    words = ("/dev/emulator", *argv) if emulator else argv
    alone = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
    done = subprocess.run(
        (*alone, "sh", "-c", SETUP, "sh", root, shutil.which(emulator) or "", *words),
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "NOBODY": NOBODY},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == ends_with, f"{words}: {done.stdout}"
    return done.stdout


def holds_a_private_key(content: bytes) -> bool:
    """Whether a file holds a key. Those in libraries for tests of their own are known to all the world."""
    return not content.startswith(PROGRAM) and PRIVATE_KEY.search(content) is not None


def facts(root: Path) -> dict[str, Facts]:
    """{path: (kind, mode, uid, gid)} of all below."""
    found = {}
    for path in slim.everything(root):
        at = path.lstat()
        found[str(path.relative_to(root))] = (
            stat.filemode(at.st_mode)[0],
            stat.S_IMODE(at.st_mode),
            at.st_uid,
            at.st_gid,
        )
    return found


def programs_and_libraries(root: Path) -> Iterator[Path]:
    """All ELF files below."""
    for path in slim.everything(root):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as content:
                if content.read(4) == PROGRAM:
                    yield path


def needed_libraries(root: Path) -> set[str]:
    """Names of libraries that some program or library below asks for and that are nowhere below."""
    files = list(programs_and_libraries(root))
    assert len(files) > 500
    listing = subprocess.run(("readelf", "-dW", *files), capture_output=True, text=True, check=True).stdout
    needed = {line.split("[")[1].rstrip("]") for line in listing.splitlines() if "(NEEDED)" in line}
    assert "libc.so.6" in needed
    return needed - {path.name for path in slim.everything(root) if ".so" in path.name}
