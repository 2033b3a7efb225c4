"""What counts as waiting mail."""

from __future__ import annotations

from pathlib import Path

from mailroom.monitor import queue


def test_half_written_files_are_nobodys_mail(tmp_path: Path) -> None:
    for place, mode in (
        ("incoming/4jY", 0o600),
        ("incoming/4jZ", 0o700),
        ("deferred/A/A1", 0o700),
        ("corrupt/x", 0o700),
    ):
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        file.chmod(mode)
    assert queue.length(tmp_path) == 2
