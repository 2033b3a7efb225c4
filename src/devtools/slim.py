"""What a configured root becomes before it ships: what package/left-out names goes, no program runs with more rights
than its caller, and nothing is left that the next build would make differently."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from devtools.places import PACKAGE

LEFT_OUT = PACKAGE / "left-out"
# Programs and folders that keep their set-group-id bit: users of Postfix's queue commands are not Postfix.
SET_GROUP_ID = ("usr/sbin/postdrop", "usr/sbin/postqueue", "var/spool/postfix/public")
MERGED = ("bin/", "sbin/", "lib/", "lib64/", "lib32/", "libx32/")


def left_out() -> list[str]:
    """The lines of package/left-out: packages (no slash) and patterns."""
    lines = (line.strip() for line in LEFT_OUT.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def without_packages(root: Path) -> None:
    """Remove the files of the packages that are not shipped; the dpkg database must still be there."""
    gone = {line for line in left_out() if "/" not in line}
    stays = set().union(*(packaged(root, name) for name in package_names(root) - gone))
    for name in gone:
        for path in packaged(root, name) - stays:
            if not is_folder(root / path):
                (root / path).unlink(missing_ok=True)


def clear(root: Path) -> None:
    """Remove what the patterns of package/left-out match, all documentation but the copyrights, and set-id bits."""
    for pattern in left_out():
        if "/" in pattern:
            for path in list(root.glob(pattern)):
                remove(path)
    for folder in (root / "usr/share/doc").iterdir():
        for path in [] if folder.is_symlink() else list(folder.iterdir()):
            if path.name != "copyright":
                remove(path)
    for path in list((root / "etc/ssl/certs").iterdir()):
        # Links by hash lead to a neighbour; one to a certificate that has just gone goes too.
        if (
            path.is_symlink()
            and "/" not in os.readlink(path)
            and not os.path.lexists(path.with_name(os.readlink(path)))
        ):
            path.unlink()
    for path in everything(root):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o6000 and not path.is_symlink() and str(path.relative_to(root)) not in SET_GROUP_ID:
            path.chmod(mode & ~0o6000)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it."""
    if is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def is_folder(path: Path) -> bool:
    """Whether this is a folder and not a link to one."""
    return path.is_dir() and not path.is_symlink()


def everything(root: Path) -> Iterator[Path]:
    """All that is below, links not followed, in an order of no meaning."""
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            yield Path(folder, name)


def merged(path: str) -> str:
    """A path of a package's list as it lies in a root whose /bin, /sbin and /lib are links into /usr."""
    path = path.strip("/")
    return f"usr/{path}" if path.startswith(MERGED) else path


def package_names(root: Path) -> set[str]:
    """The packages that the dpkg database lists."""
    return {file.stem.partition(":")[0] for file in (root / "var/lib/dpkg/info").glob("*.list")}


def packaged(root: Path, name: str = "*") -> set[str]:
    """Paths (without the first slash) that this package, or all packages of the dpkg database, have brought."""
    info = root / "var/lib/dpkg/info"
    lists = [*info.glob(f"{name}.list"), *info.glob(f"{name}:*.list")]
    return {merged(line) for file in lists for line in file.read_text().splitlines() if line != "/."}


def made_by_configuring(root: Path) -> set[str]:
    """Paths of files and links that no package brought as they are now: maintainer scripts made or changed them."""
    brought, digests = packaged(root), packaged_digests(root)
    found = set()
    for path in everything(root):
        name = str(path.relative_to(root))
        facts = path.lstat()
        if stat.S_ISLNK(facts.st_mode):
            as_brought = name in brought
        elif stat.S_ISREG(facts.st_mode):
            as_brought = digests.get(name) == hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        else:
            continue
        if not as_brought:
            found.add(name)
    return found


def packaged_digests(root: Path) -> dict[str, str]:
    """{path: MD5} of what packages brought, configuration files included."""
    found = {}
    for file in (root / "var/lib/dpkg/info").glob("*.md5sums"):
        for line in file.read_text().splitlines():
            digest, path = line.split("  ", 1)
            found[merged(path)] = digest
    for line in (root / "var/lib/dpkg/status").read_text().splitlines():
        words = line.split()
        if line.startswith(" /") and len(words) == 2 and len(words[1]) == 32:
            found[merged(words[0])] = words[1]
    return found
