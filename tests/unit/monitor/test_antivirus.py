"""How old the virus definitions are is a state of its own (row AV02)."""

from __future__ import annotations

import os
from pathlib import Path

from mailroom.flows.server_problems import problems
from mailroom.monitor.antivirus import definitions

NOW, DAY_S = 1_800_000_000.0, 86_400


def database(folder: Path, name: str, version: int, age_days: float) -> None:
    """An official database of this age, as far as its header goes."""
    (folder / name).write_bytes(
        f"ClamAV-VDB:24 Nov 2026 07-00 -0500:{version}:2000000:90:x:x:raynman:1".encode().ljust(512)
    )
    os.utime(folder / name, (NOW - age_days * DAY_S,) * 2)


def test_without_any_they_are_absent(tmp_path: Path) -> None:
    (tmp_path / "mailroom.ndb").write_text("Eicar-Test:0:*:58\n")
    assert definitions(tmp_path, NOW) == {"state": "absent", "version": None, "definitions_date": None}


def test_the_newest_one_counts(tmp_path: Path) -> None:
    database(tmp_path, "main.cvd", 62, 400)
    database(tmp_path, "daily.cld", 27_800, 1)
    assert definitions(tmp_path, NOW) == {"state": "current", "version": "27800", "definitions_date": NOW - DAY_S}


def test_old_definitions_are_told(tmp_path: Path) -> None:
    database(tmp_path, "daily.cvd", 27_700, 8)
    found = definitions(tmp_path, NOW)
    assert found["state"] == "old"
    (told,) = problems([], [], found, [], 0, NOW)
    assert told["severity"] == "attention" and "27700" in told["text"] and told["next"]


def test_a_broken_file_is_no_definition(tmp_path: Path) -> None:
    (tmp_path / "daily.cvd").write_bytes(b"<html>captive portal</html>")
    assert definitions(tmp_path, NOW)["state"] == "absent"
