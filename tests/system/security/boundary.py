"""Looking at a running machine as each of its users: what it may read, write, rename, watch and connect to.

Nothing is named here: users are those of the processes that run, files those that are there.
"""

from __future__ import annotations

import json
import os
import re
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from office import PACKAGE, Office
from processes import innermost, processes

# What changes while the machine runs; the bundle's own programs lie in a file system that nobody can write.
TREES = ("/data", "/run", "/mail", "/etc", "/opt", "/tmp", "/dev/shm", "/var")
KINDS = {stat.S_IFDIR: "folder", stat.S_IFSOCK: "socket", stat.S_IFLNK: "link", stat.S_IFREG: "file"}


@dataclass(frozen=True)
class Identity:
    """Whom the kernel takes a process for."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Process:
    """One process of the machine. pid: on this host. service: the daemon of ours to which it belongs."""

    pid: int
    service: str
    line: str
    identity: Identity
    capabilities: int
    bounding: int
    no_new_privs: bool


@dataclass
class Entry:
    """One file, folder or socket. protected: a sticky folder, in which only owners rename. id: device and inode."""

    path: str
    uid: int
    kind: str
    protected: bool
    id: tuple[int, int]


@dataclass
class Access:
    """What one identity may do with each path."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    connects: set[str] = field(default_factory=set)


def first_of(server: Office) -> int:
    """The instance's first process."""
    (found,) = [pid for pid, line in processes(server).items() if "s6-svscan " in line and innermost(pid) == 1]
    return found


def instance(server: Office) -> list[Process]:
    """Every process of the instance, with the daemon whose it is."""
    first = first_of(server)
    space = os.readlink(f"/proc/{first}/ns/pid")
    names = _users(first)
    found, leaders = [], {}
    for pid, line in processes(server).items():
        try:
            if os.readlink(f"/proc/{pid}/ns/pid") == space:
                leaders[pid] = _service(pid)
                found.append(_process(pid, line, leaders[pid], names))
        except (OSError, StopIteration):
            # It has ended.
            continue
    return found


def _users(first: int) -> dict[int, str]:
    passwd = Path(f"/proc/{first}/root/etc/passwd").read_text().splitlines()
    return {int(line.split(":")[2]): line.split(":")[0] for line in passwd}


def _service(pid: int) -> str:
    """s6-supervise runs each service in a folder of that name; the service leads a session of its own."""
    session = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[3])
    line = Path(f"/proc/{_parent(session)}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return line.removeprefix("s6-supervise ").strip() if line.startswith("s6-supervise ") else ""


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _process(pid: int, line: str, service: str, names: dict[int, str]) -> Process:
    rows = dict(row.split(":\t", 1) for row in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in row)
    uid, gid = (int(rows[name].split()[1]) for name in ("Uid", "Gid"))
    groups = tuple(sorted({int(one) for one in rows["Groups"].split()} - {gid}))
    identity = Identity(names.get(uid, str(uid)), uid, gid, groups)
    return Process(
        pid, service, line, identity, int(rows["CapEff"], 16), int(rows["CapBnd"], 16), rows["NoNewPrivs"] == "1"
    )


def identities(server: Office, running: list[Process]) -> list[Identity]:
    """Each identity without root's rights that a process has; and the users of daemons that do not run now."""
    found = {process.identity for process in running if process.identity.uid}
    for line in Path(f"/proc/{first_of(server)}/root/etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        known = {one.uid for one in found}
        if int(uid) not in known and _owns_something(server, int(uid)):
            found.add(Identity(name, int(uid), int(gid)))
    return sorted(found, key=lambda one: (one.name, one.groups))


def _owns_something(server: Office, uid: int) -> bool:
    return uid > 0 and any(one.uid == uid for one in entries(first_of(server), ("/data", "/run")))


def entries(pid: int, trees: tuple[str, ...] = TREES) -> list[Entry]:
    """Everything below these folders, as this process sees them; pipes and devices too, other file systems not."""
    return [*_walk(pid, trees)]


def _walk(pid: int, trees: tuple[str, ...]) -> Iterator[Entry]:
    base = f"/proc/{pid}/root"
    for tree in trees:
        for folder, folders, files in os.walk(base + tree):
            # The host's own root is mounted there, behind a folder of root's.
            folders[:] = [name for name in folders if (folder, name) != (f"{base}/run/outside", "root")]
            for path in [folder, *(f"{folder}/{name}" for name in files)]:
                try:
                    facts = os.lstat(path)
                except OSError:
                    continue
                shown = KINDS.get(stat.S_IFMT(facts.st_mode), "other")
                sticky, id = bool(facts.st_mode & stat.S_ISVTX), (facts.st_dev, facts.st_ino)
                yield Entry(path.removeprefix(base), facts.st_uid, shown, sticky, id)


def as_identity(pid: int, who: Identity, task: Callable[[], Any]) -> Any:
    """What `task` finds when this user runs it in the root of the process. Raises AssertionError when it fails."""
    root, (told, tells) = os.open(f"/proc/{pid}/root", os.O_RDONLY), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.fchdir(root)
            os.chroot(".")
            os.setgroups(who.groups)
            os.setresgid(who.gid, who.gid, who.gid)
            os.setresuid(who.uid, who.uid, who.uid)
            with os.fdopen(tells, "w") as out:
                out.write(json.dumps(task()))
            os._exit(0)
        except BaseException as reason:
            os.write(2, f"{who}: {reason!r}\n".encode())
            os._exit(1)
    os.close(tells)
    os.close(root)
    with os.fdopen(told) as heard:
        answer = heard.read()
    assert os.waitpid(child, 0)[1] == 0, answer
    return json.loads(answer)


def access(pid: int, who: Identity, found: list[Entry]) -> Access:
    """What this user may do with each of these."""

    def look() -> dict[str, list[str]]:
        told: dict[str, list[str]] = {"reads": [], "writes": [], "connects": []}
        for one in found:
            if one.kind == "socket":
                told["connects"] += [one.path] if connects(one.path) else []
            elif one.kind in ("file", "folder"):
                wanted = os.R_OK if one.kind == "file" else os.R_OK | os.X_OK
                told["reads"] += [one.path] if os.access(one.path, wanted, effective_ids=True) else []
                may = os.W_OK if one.kind == "file" else os.W_OK | os.X_OK
                told["writes"] += [one.path] if os.access(one.path, may, effective_ids=True) else []
        return told

    return Access(**{name: set(paths) for name, paths in as_identity(pid, who, look).items()})


def connects(path: str) -> bool:
    """Whether a connection to this socket is let in, whatever is said on it then."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_UNIX, kind) as link:
            link.settimeout(5)
            try:
                link.connect(path)
            except PermissionError:
                return False
            except OSError:
                continue
            return True
    return False


def in_reach(entry: Entry, may: Access, who: Identity, folders: dict[str, Entry]) -> str:
    """How this user could have root read something else at this path, "" when it could not.

    Writing to a file or folder itself, or putting another in the place of it or of a folder above it.
    """
    if entry.path in may.writes and not (entry.kind == "folder" and entry.protected):
        return f"writes {entry.path}"
    path = entry
    while above := folders.get(path.path.rpartition("/")[0]):
        renames = above.path in may.writes and (not above.protected or who.uid in (above.uid, path.uid))
        if renames:
            return f"renames {path.path}"
        path = above
    return ""


def opened_by_root(running: list[Process]) -> dict[tuple[int, int], str]:
    """{device and inode: by which of our daemons} of what processes of root's have open, mapped, or run."""
    found: dict[tuple[int, int], str] = {}
    for process in running:
        if process.identity.uid:
            continue
        base = Path(f"/proc/{process.pid}")
        links = [base / "exe", base / "cwd", *_listed(base / "fd"), *_listed(base / "map_files")]
        for link in links:
            try:
                facts = os.stat(link)
            except OSError:
                continue
            found[facts.st_dev, facts.st_ino] = process.service or process.line.split()[0]
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return [*folder.iterdir()]
    except OSError:
        return []


def plain(path: str) -> str:
    """A path without what differs from machine to machine, and from one moment to the next."""
    path = re.sub(r"/rev-[\d.]+", "/rev-N", path)
    path = re.sub(r"\d{4}-\d\d-\d\d", "DAY", path)
    return re.sub(r"/[0-9A-F]{8,}(?=/|$)|/[0-9a-f]{32}(?=/|$)|/@4[0-9a-f]{20,}[.\w]*", "/ID", path)


def topmost(paths: set[str]) -> list[str]:
    """Without what lies below another of them, written plainly."""
    return sorted({plain(path) for path in paths if not any(above in paths for above in _above(path))})


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def package_folders(server: Office) -> list[str]:
    """Where the package lies on the host's side."""
    names = ("target", "etc", "var", "tmp", "home")
    return [server.machine.run("readlink", "-f", f"{PACKAGE}/{name}").stdout.strip() for name in names]
