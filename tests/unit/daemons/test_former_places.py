"""Files of an installation in which one user owned the tables, put where they belong at boot."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from mailroom.core import paths
from mailroom.daemons import former_places

FILTER, WEB = 4880, 4882

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the first version has left it: everything belongs to one user."""
    for name in ("DB", "RECORDS", "UPLOADS"):
        monkeypatch.setattr(paths, name, tmp_path / name.lower())
        (tmp_path / name.lower()).mkdir()
    monkeypatch.setattr(former_places, "user_id", lambda name: WEB)
    monkeypatch.setattr(former_places, "group_id", lambda name: WEB)
    for name in ("settings", "tokens", "journal-2026-11-24", "usage", "guesses", "sts-policies"):
        with sqlite3.connect(tmp_path / "db" / f"{name}.sqlite") as table:
            table.execute("CREATE TABLE t (name TEXT)")
            table.execute("INSERT INTO t VALUES (?)", (name,))
        table.close()
    (tmp_path / "db" / "journal-2026-11-24.sqlite-wal").write_bytes(b"")
    (tmp_path / "uploads" / "someone").mkdir()
    (tmp_path / "uploads" / "someone" / "file").write_text("x")
    for file in tmp_path.rglob("*"):
        os.chown(file, FILTER, FILTER)
        file.chmod(0o770 if file.is_dir() else 0o660)
    return tmp_path


def kept_in(file: Path) -> str:
    with sqlite3.connect(file) as table:
        return str(table.execute("SELECT name FROM t").fetchone()[0])


def facts(file: Path) -> tuple[int, int]:
    found = file.lstat()
    return found.st_uid, stat.S_IMODE(found.st_mode)


def test_records_move_and_the_rest_becomes_roots(data: Path) -> None:
    former_places.settle()
    former_places.settle()
    assert {file.name for file in (data / "db").iterdir()} == {"settings.sqlite", "tokens.sqlite"}
    for name in ("settings", "tokens"):
        assert facts(data / "db" / f"{name}.sqlite") == (0, 0o600) and kept_in(data / "db" / f"{name}.sqlite") == name
    for name in ("journal-2026-11-24", "usage", "guesses", "sts-policies"):
        file = data / "records" / f"{name}.sqlite"
        assert facts(file)[0] == FILTER and kept_in(file) == name
    assert {facts(file)[0] for file in (data / "uploads").rglob("*")} == {WEB}


def test_a_record_that_is_there_already_is_not_replaced(data: Path) -> None:
    (data / "records" / "usage.sqlite").write_text("newer")
    former_places.settle()
    assert (data / "records" / "usage.sqlite").read_text() == "newer"


def test_nothing_that_was_planted_leads_anywhere(data: Path) -> None:
    """Links, second names and pipes from before: root's files stay as they are, and are not taken for ours."""
    victim = data / "victim"
    victim.write_text("root's own")
    victim.chmod(0o644)
    (data / "db" / "tokens.sqlite").unlink()
    (data / "db" / "tokens.sqlite").symlink_to(victim)
    (data / "db" / "settings.sqlite").unlink()
    os.link(victim, data / "db" / "settings.sqlite")
    (data / "db" / "usage.sqlite").unlink()
    (data / "db" / "usage.sqlite").symlink_to(victim)
    os.mkfifo(data / "db" / "checks.sqlite")
    (data / "uploads" / "someone" / "link").symlink_to(victim)
    os.link(victim, data / "uploads" / "someone" / "second")
    former_places.settle()
    assert facts(victim) == (0, 0o644) and victim.read_text() == "root's own"
    assert not (data / "db" / "tokens.sqlite").is_symlink() and not (data / "records" / "usage.sqlite").is_symlink()
    settings = data / "db" / "settings.sqlite"
    assert facts(settings) == (0, 0o600) and not settings.samefile(victim)
    assert not (data / "db" / "checks.sqlite").exists()
