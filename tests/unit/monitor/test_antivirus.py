"""Which virus definitions there are, and how old, is a state of its own (row AV02)."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from mailroom.monitor.antivirus import definitions, wait_until

NOW, DAY_S = 1_800_000_000.0, 86_400


def database(folder: Path, name: str, version: int, age_days: float, downloaded: float = NOW) -> None:
    """An official database that was built so long ago, as far as its header goes."""
    built = time.strftime("%d %b %Y %H-%M +0000", time.gmtime(NOW - age_days * DAY_S))
    (folder / name).write_bytes(f"ClamAV-VDB:{built}:{version}:2000000:90:x:x:raynman:1".encode().ljust(512))
    os.utime(folder / name, (downloaded, downloaded))


def test_without_any_they_are_absent(tmp_path: Path) -> None:
    (tmp_path / "mailroom.ndb").write_text("Eicar-Test:0:*:58\n")
    absent = {"state": "absent", "version": None, "definitions_date": None, "files": []}
    assert definitions(tmp_path, NOW) == absent == definitions(tmp_path / "nowhere", NOW)


def test_the_one_built_last_counts_and_each_is_listed(tmp_path: Path) -> None:
    database(tmp_path, "main.cvd", 62, 400)
    database(tmp_path, "daily.cvd", 27_700, 40)
    database(tmp_path, "daily.cld", 27_800, 1, NOW - 60)
    found = definitions(tmp_path, NOW)
    assert (found["state"], found["version"]) == ("current", "27800")
    assert found["definitions_date"] == pytest.approx(NOW - DAY_S, abs=60)
    assert [(one["name"], one["version"]) for one in found["files"]] == [("daily", "27800"), ("main", "62")]
    assert found["files"][0]["downloaded"] == NOW - 60 and found["files"][0]["signatures"] == 2_000_000


def test_old_ones_are_old_however_lately_they_were_downloaded(tmp_path: Path) -> None:
    """A mirror may serve what ClamAV built months ago."""
    database(tmp_path, "daily.cvd", 27_700, 8)
    assert definitions(tmp_path, NOW)["state"] == "old"


@pytest.mark.parametrize(
    "content",
    [
        b"<html>captive portal</html>",
        b"",
        b"ClamAV-VDB:24 Nov 2026",
        b"ClamAV-VDB:never:1:2:90:x:x:y:1",
        b"ClamAV-VDB:24 Nov 2026 07-00 -0500:" + b"9" * 400 + b":2:90:x:x:y:1",
        b"ClamAV-VDB:24 Nov 2026 07-00 -0500:1:many:90:x:x:y:1",
        bytes(600),
    ],
)
def test_a_broken_file_is_no_definition(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "daily.cvd").write_bytes(content)
    assert definitions(tmp_path, NOW)["state"] == "absent"


def test_what_is_no_file_is_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    database(tmp_path, "elsewhere", 1, 1)
    (tmp_path / "daily.cvd").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "main.cvd")
    (tmp_path / "bytecode.cvd").mkdir()
    assert definitions(tmp_path, NOW)["state"] == "absent"


def note(until: float) -> bytes:
    """As freshclam 1.4 writes it."""
    begin = b"FreshClamData" + struct.pack("=I", 1) + b"07a2743d-d75a-4cba-9982-196a4efa4363\0"
    return begin.ljust(61, b"\0") + struct.pack("=q", int(until)) + bytes(21)


@pytest.mark.parametrize(
    ("held", "until"),
    [(note(NOW), NOW), (note(0), 0.0), (note(-1), 0.0), (note(NOW)[:60], 0.0), (b"x" * 100, 0.0), (b"", 0.0)],
)
def test_until_when_a_mirror_wants_to_be_left_alone(tmp_path: Path, held: Any, until: float) -> None:
    (tmp_path / "freshclam.dat").write_bytes(held)
    assert wait_until(tmp_path) == until
    assert wait_until(tmp_path / "nowhere") == 0.0
