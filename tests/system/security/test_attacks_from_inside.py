"""Ways by which somebody who runs code as one of our users became root or read passwords: each must fail now."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boundary
import pytest
from boundary import Identity

from office import Office, until

FILTER, WEB = Identity("mailroom", 880, 880), Identity("mailroom-web", 882, 882)
VICTIM, CONTENT = "/data/victim-of-a-test", "root's own"
AGAIN = "from mailroom.daemons import boot; boot.prepare_folders(); boot.prepare_signatures()"


@pytest.fixture
def victim(server: Office) -> Iterator[Path]:
    """A file of root's; what it is afterwards is looked at by each test."""
    file = Path(f"/proc/{boundary.first_of(server)}/root{VICTIM}")
    file.write_text(CONTENT)
    file.chmod(0o600)
    yield file
    file.unlink()


def untouched(file: Path) -> bool:
    """Whether it is as the fixture has made it."""
    found = file.lstat()
    return file.read_text() == CONTENT and (found.st_uid, stat.S_IMODE(found.st_mode)) == (0, 0o600)


def refused(server: Office, who: Identity, deed: Any) -> bool:
    """Whether the kernel refuses what this user tries inside the instance."""

    def tried() -> bool:
        try:
            deed()
        except (PermissionError, FileNotFoundError):
            return True
        return False

    return bool(boundary.as_identity(boundary.first_of(server), who, tried))


def number(server: Office, name: str) -> Identity:
    """A user of the bundle by name."""
    uid, gid = (int(server.inside("id", kind, name)) for kind in ("-u", "-g"))
    return Identity(name, uid, gid)


@pytest.mark.parametrize("who", [FILTER, WEB], ids=lambda one: one.name)
def test_nobody_plants_a_setting_that_root_renders(server: Office, who: Identity) -> None:
    """What became LD_PRELOAD for Postfix's children. How a planted one would fare: tests/unit/flows."""
    for path in ("/data/db/settings.sqlite", "/data/db/settings.sqlite-wal", "/data/db/x"):
        assert refused(server, who, lambda path=path: os.open(path, os.O_RDWR | os.O_CREAT))
    assert refused(server, who, lambda: os.rename("/data/db", "/data/elsewhere"))
    assert refused(server, who, lambda: os.symlink("/data/uploads", "/data/conf/rev-9"))


@pytest.mark.parametrize("who", [FILTER, WEB], ids=lambda one: one.name)
def test_nobody_leads_roots_notes_elsewhere_by_a_link(server: Office, who: Identity) -> None:
    for name in ("costs.new", "costs.json", "tokens.sqlite"):
        assert refused(server, who, lambda name=name: os.symlink(VICTIM, f"/data/db/{name}"))


def test_nobody_answers_as_the_sign_in_service(server: Office) -> None:
    def listen(path: str) -> None:
        with socket.socket(socket.AF_UNIX) as link:
            link.bind(path)

    for who in (FILTER, WEB, *(number(server, name) for name in ("dovecot", "dovenull", "vmail", "postfix"))):
        assert refused(server, who, lambda: os.rename("/run/mailroom/signin", "/run/mailroom/former"))
        assert refused(server, who, lambda: os.rename("/run/mailroom", "/run/former"))
        for path in ("/run/mailroom/signin/other.sock", "/run/mailroom/other.sock", "/run/dovecot/auth-other"):
            assert refused(server, who, lambda path=path: listen(path)), (who.name, path)
    assert server.imap("ben").logout()[0] == "BYE"


def test_only_the_web_process_asks_the_job_process(server: Office) -> None:
    """The filter's blocks become events without it."""

    def asks() -> str:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect("/run/mailroom/job.sock")
            link.sendall(b'{"op": "ping"}\n')
            return link.makefile().readline()

    assert "pong" in boundary.as_identity(boundary.first_of(server), WEB, asks)
    assert refused(server, FILTER, asks)


def test_a_link_in_the_folder_of_definitions_is_not_followed_at_the_next_start(server: Office, victim: Path) -> None:
    """The signatures are written by root when it starts, into the folder of the one who reads attachments."""
    first, clamav = boundary.first_of(server), number(server, "clamav")
    folder = Path(f"/proc/{first}/root/data/clamav")

    def plant() -> None:
        os.unlink("/data/clamav/mailroom.ndb")
        os.symlink(VICTIM, "/data/clamav/mailroom.ndb")

    boundary.as_identity(first, clamav, plant)
    server.inside("/usr/bin/env", "PYTHONPATH=/opt/mailroom/lib:/opt/mailroom/app", "/usr/bin/python3.11", "-c", AGAIN)
    assert untouched(victim)
    assert not (folder / "mailroom.ndb").is_symlink() and (folder / "mailroom.ndb").stat().st_uid == clamav.uid


def test_what_the_spam_engine_leaves_as_a_link_is_not_written_by_root(server: Office, victim: Path) -> None:
    first, spamd = boundary.first_of(server), number(server, "debian-spamd")

    def plant() -> None:
        for name in ("spamd.pid", "spamd.sock"):
            os.rename(f"/run/spamd/{name}", f"/run/spamd/former-{name}")
            os.symlink(VICTIM, f"/run/spamd/{name}")

    def clear() -> None:
        for name in ("spamd.pid", "spamd.sock"):
            for one in (name, f"former-{name}"):
                if os.path.lexists(f"/run/spamd/{one}"):
                    os.unlink(f"/run/spamd/{one}")

    boundary.as_identity(first, spamd, plant)
    server.ctl("restart", "spamd", check=False)
    assert untouched(victim)
    boundary.as_identity(first, spamd, clear)
    server.ctl("restart", "spamd", check=False)
    until(lambda: not server.late(), 60, "it answers again")


def test_root_reads_the_filters_records_with_the_filters_rights_alone(server: Office, victim: Path) -> None:
    """A table that is a link to root's own is not opened for the filter."""
    first = boundary.first_of(server)
    name = "/data/records/journal-2026-01-01.sqlite"
    boundary.as_identity(first, FILTER, lambda: os.symlink("/data/db/tokens.sqlite", name))
    try:
        found = server.ctl("messages", check=False)
        assert "tokens" not in json.dumps(found.get("messages", []))
        assert untouched(victim)
        assert server.ctl("tokens", "list")["tokens"] is not None
    finally:
        boundary.as_identity(first, FILTER, lambda: os.unlink(name))
