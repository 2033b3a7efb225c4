"""Room on the volumes: each volume once."""

from __future__ import annotations

from pathlib import Path

from mailroom.monitor.volumes import volumes


def test_one_volume_is_told_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (found,) = volumes({"mail": tmp_path / "a", "data": tmp_path / "b"})
    assert found["holds"] == ["mail", "data"]
    assert abs(found["used_mb"] + found["free_mb"] - found["total_mb"]) <= 1


def test_two_volumes_are_two(tmp_path: Path) -> None:
    found = volumes({"mail": tmp_path, "data": Path("/proc")})
    assert [one["holds"] for one in found] == [["mail"], ["data"]]


def test_a_volume_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    assert [one["holds"] for one in volumes({"mail": tmp_path / "gone", "data": tmp_path})] == [["data"]]
