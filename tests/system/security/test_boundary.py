"""Whoever runs code as one of our users stays there: no root, no other's secrets, no answer in another's name.

Each user's reach is looked up on the running machine. docs/security.md shows it as a table; MAILROOM_WRITE_SECURITY=1
writes that table anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boundary
import pytest
from boundary import Access, Entry, Identity, Process

from mailroom.core import paths
from office import Office

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "security.md"
BEGIN, END = "<!-- made by tests/system/security/test_boundary.py -->\n", "<!-- end -->\n"
# What processes of root's may have open in the reach of another user, and why that leads nowhere.
REASONS = {
    # Opened with that user's rights on files alone (core/root_files.py, acting_as).
    "mailroom": re.compile(r"/data/records/.*\.sqlite(-wal|-shm)?"),
    # Postfix's master opens what lies in its user's folders as that user (set_eugid), and expects nothing good there.
    "postfix": re.compile(r"/data/(queue|postfix)/.*"),
    # Delivery and IMAP work as that user; what is open was opened so.
    "vmail": re.compile(r"/mail/mailboxes(/.*)?"),
}
# Process numbers, our own signatures, the names chosen at the installation, and what sendmail(1) of any user reads.
PUBLIC = re.compile(
    r"/data/(setup\.json|owned|run/[a-z.]+|clamav/mailroom\.ndb|dovecot/instances|conf/[^/]+/postfix/sendmail/main\.cf)"
)
TEMPORARY = ("/tmp", "/dev/shm")
SENSITIVE = ("/data/secrets", "/data/db", "/data/tls", "/data/log")


@dataclass
class Scene:
    """The machine as it is while these tests look. all: what there is; reach: of each user."""

    first: int
    running: list[Process]
    all: list[Entry]
    folders: dict[str, Entry]
    reach: dict[Identity, Access]


@pytest.fixture(scope="module")
def scene(server: Office) -> Iterator[Scene]:
    server.deliver("so that there is mail")
    # Processes that come and go with what they serve: one of each is there.
    reading = server.imap("ben")
    reading.select()
    running, first = boundary.instance(server), boundary.first_of(server)
    found = boundary.entries(first)
    who = boundary.identities(server, running)
    reach = {one: boundary.access(first, one, found) for one in who}
    yield Scene(first, running, found, {one.path: one for one in found if one.kind == "folder"}, reach)
    reading.logout()


def test_the_users_are_those_that_are_known(scene: Scene) -> None:
    """A daemon that runs as somebody new has to be looked at."""
    assert {one.name for one in scene.reach} >= {"mailroom", "mailroom-web", "clamav", "debian-spamd", "_rspamd"}
    assert {one.name for one in scene.reach} >= {"postfix", "dovecot", "dovenull", "vmail", "unbound"}
    assert {one.groups for one in scene.reach if one.name.startswith("mailroom")} == {()}


def test_nobody_can_write_or_replace_what_is_roots(scene: Scene) -> None:
    """No file, folder or socket of root's lies where another user may write, or put something else in its place."""
    found = []
    for who, may in scene.reach.items():
        for entry in scene.all:
            public = entry.kind in ("other", "socket") or entry.path in ("/tmp", "/dev/shm")
            if entry.uid == 0 and not public and (how := boundary.in_reach(entry, may, who, scene.folders)):
                found.append(f"{who.name} {how}")
            if entry.kind == "socket" and entry.uid == 0:
                above = scene.folders[entry.path.rpartition("/")[0]]
                if how := boundary.in_reach(above, may, who, scene.folders):
                    found.append(f"{who.name} {how}, where {entry.path} is")
    assert found == []


def test_nobody_can_write_or_replace_what_root_has_open_or_runs(scene: Scene) -> None:
    opened, found = boundary.opened_by_root(scene.running), []
    known = [entry for entry in scene.all if entry.id in opened and entry.kind != "other"]
    assert {"/data/db/settings.sqlite", "/data/log/job/current"} <= {entry.path for entry in known}
    for entry in known:
        for who, may in scene.reach.items():
            reason = REASONS.get(who.name)
            how = boundary.in_reach(entry, may, who, scene.folders)
            if how and not (reason and reason.fullmatch(entry.path)):
                found.append(f"{who.name} {how}, which {opened[entry.id]} has open")
    assert found == []


def test_a_socket_answers_in_nobody_elses_name(scene: Scene) -> None:
    """Who asks at a socket is answered by its owner: only that one, or root, could put another there."""
    found = []
    for entry in (one for one in scene.all if one.kind == "socket"):
        above = scene.folders[entry.path.rpartition("/")[0]]
        for who, may in scene.reach.items():
            if who.uid not in (entry.uid, above.uid) and boundary.in_reach(above, may, who, scene.folders):
                found.append(f"{who.name} could answer at {entry.path}")
    assert found == []


def test_sockets_are_reached_by_those_for_whom_they_are(scene: Scene) -> None:
    users = {
        str(socket): {who.name for who, may in scene.reach.items() if str(socket) in may.connects}
        for socket in (paths.SIGNIN_SOCKET, paths.JOB_SOCKET, paths.CLAMD_SOCKET, paths.SPAMD_SOCKET)
    }
    assert users == {
        str(paths.SIGNIN_SOCKET): {"mailroom-web"},
        str(paths.JOB_SOCKET): {"mailroom-web"},
        str(paths.CLAMD_SOCKET): {"mailroom", "clamav"},
        str(paths.SPAMD_SOCKET): {"mailroom", "debian-spamd"},
    }


def test_nobody_reads_anothers_secrets(scene: Scene) -> None:
    """Neither root's, nor what another user keeps for itself."""
    found = []
    for who, may in scene.reach.items():
        for entry in scene.all:
            private = entry.path.startswith(SENSITIVE) or entry.path.startswith(("/mail/mailboxes/", "/data/uploads/"))
            private |= entry.path.startswith(("/data/records/", "/data/quarantine/", "/run/srs/"))
            if entry.kind == "file" and private and entry.path in may.reads and who.uid != entry.uid:
                found.append(f"{who.name} reads {entry.path}")
    assert [one for one in found if one != "mailroom reads /run/srs/key"] == []


def test_another_user_of_the_nas_reads_no_lists_or_rules(scene: Scene) -> None:
    """A local user who has nothing to do with mail; addresses and rules lie in settings, maps and configurations."""
    may = boundary.access(scene.first, Identity("somebody", 1999, 1999), scene.all)
    data = [one.path for one in scene.all if one.kind == "file" and one.path.startswith("/data/")]
    assert [path for path in data if path in may.reads and not PUBLIC.fullmatch(path)] == []
    assert any(path.endswith("/postfix/main.cf") for path in data)


def test_nobody_looks_into_anothers_memory(scene: Scene) -> None:
    """ptrace(2), "Ptrace access mode checking": what may open a process's memory may also stop and change it."""
    found = []
    for who in scene.reach:
        others = [one.pid for one in scene.running if one.identity.uid != who.uid]
        opened = boundary.as_identity(os.getpid(), who, lambda others=others: [pid for pid in others if _opens(pid)])
        found += [f"{who.name}: {one.line}" for one in scene.running if one.pid in opened]
    assert found == []


def _opens(pid: int) -> bool:
    for name in ("mem", "environ", "maps"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                file.read(1)
            return True
        except OSError:
            continue
    return False


def test_processes_without_root_get_no_rights_and_root_keeps_few(scene: Scene) -> None:
    """Nothing that our supervisor starts as a plain user can get any right again; of root's, none may load a module."""
    sys_module = 1 << 16
    for process in scene.running:
        if process.identity.uid:
            assert process.capabilities == 0, process
        if process.service in ("filter", "serve", "clamd", "spamd", "rspamd"):
            assert process.identity.uid and process.bounding == 0 and process.no_new_privs, process
        elif process.service and not process.service.endswith("/log"):
            assert not process.bounding & sys_module, process


def test_strangers_bytes_are_read_within_limits(scene: Scene) -> None:
    for process in scene.running:
        if process.service in ("filter", "serve", "clamd", "spamd", "rspamd"):
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            data = next(line for line in limits.splitlines() if line.startswith("Max data size"))
            assert "unlimited" not in data, (process.service, data)


def table(scene: Scene) -> str:
    """The reach of each user, as docs/security.md shows it: of all processes of a user together, whichever run now."""
    lines = ["| Process | User | Reads beyond what all may | Writes | Connects to |", "|---|---|---|---|---|"]
    public = set.intersection(*(may.reads for may in scene.reach.values()))
    for name in sorted({who.name for who in scene.reach}):
        reach = [may for who, may in scene.reach.items() if who.name == name]
        services = sorted({one.service for one in scene.running if one.identity.name == name and one.service})
        reads, writes = set.union(*(may.reads for may in reach)), set.union(*(may.writes for may in reach))
        # What lies in a folder of the user's own comes and goes with what its program did so far.
        below = {one for one in reads if any(one.startswith(f"{folder}/") for folder in writes)}
        columns = (reads - public - below, writes, set.union(*(may.connects for may in reach)))
        cells = (
            _listed(boundary.topmost({one for one in column if not one.startswith(TEMPORARY)})) for column in columns
        )
        lines.append(f"| {' | '.join([', '.join(services) or '(off)', name, *cells])} |")
    return "\n".join(lines) + "\n"


def _listed(found: list[str]) -> str:
    return " ".join(f"`{path}`" for path in found) or "-"


def test_the_table_in_the_documentation_is_true(scene: Scene) -> None:
    made = table(scene)
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    if os.environ.get("MAILROOM_WRITE_SECURITY"):
        DOCUMENT.write_text(before + BEGIN + made + END + rest.partition(END)[2])
    else:
        assert rest.partition(END)[0] == made, "MAILROOM_WRITE_SECURITY=1 writes it anew"
