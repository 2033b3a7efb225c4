"""What root does in a folder of somebody else's leads nowhere else."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mailroom.core import durable, root_files

OTHER = 4711


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of root's, outside of the folder."""
    made = tmp_path / "victim"
    made.write_text("root's own")
    made.chmod(0o600)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "theirs"
    made.mkdir()
    return made


def facts(file: Path) -> tuple[str, int, int]:
    found = file.lstat()
    return file.read_text(), stat.S_IMODE(found.st_mode), found.st_uid


@pytest.mark.parametrize(
    "write",
    [
        lambda file: root_files.write(file, b"ours", mode=0o644),
        lambda file: durable.replace(file, "ours"),
    ],
    ids=["write", "replace"],
)
def test_writing_replaces_a_link_and_leaves_what_it_points_to(
    folder: Path, victim: Path, write: Callable[[Path], None]
) -> None:
    before, file = facts(victim), folder / "state.json"
    # Under its own name, and under the one that it has while it is written.
    for name in ("state.json", "state.new"):
        (folder / name).symlink_to(victim)
    write(file)
    assert facts(victim) == before
    assert file.read_text() == "ours" and not file.is_symlink()


def test_a_failed_write_leaves_the_former_file_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "state.json"
    root_files.write(file, b"before")

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(OSError, match="disk full"):
        root_files.write(file, b"after")
    assert [one.name for one in folder.iterdir()] == ["state.json"] and file.read_bytes() == b"before"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes folders of others")
def test_a_folder_is_made_and_corrected_by_its_descriptor_and_never_through_a_link(folder: Path, victim: Path) -> None:
    made = folder / "spool"
    for mode in (0o750, 0o700):
        root_files.make_folder(made, mode=mode)
        assert stat.S_IMODE(made.stat().st_mode) == mode
    outside = victim.with_name("outside")
    outside.mkdir(mode=0o700)
    (folder / "link").symlink_to(outside)
    with pytest.raises(OSError):
        root_files.make_folder(folder / "link", mode=0o777)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o700


def test_only_plain_files_of_a_sensible_size_are_read(folder: Path, victim: Path) -> None:
    (folder / "link").symlink_to(victim)
    os.mkfifo(folder / "pipe")
    (folder / "large").write_bytes(b"x" * 100)
    for name in ("link", "pipe"):
        with pytest.raises(OSError):
            root_files.read(folder / name)
    with pytest.raises(ValueError):
        root_files.read(folder / "large", 99)
    assert root_files.read(folder / "large", 100) == b"x" * 100


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")
def test_acting_as_somebody_reaches_their_files_alone_and_ends(
    folder: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(root_files, "_entry", lambda user: type("User", (), {"pw_uid": OTHER, "pw_gid": OTHER}))
    os.chown(folder, OTHER, OTHER)
    # How many folders of the runner's lie above depends on how it runs.
    for parent in folder.parents:
        if parent != Path(tempfile.gettempdir()) and parent.is_relative_to(tempfile.gettempdir()):
            parent.chmod(0o711)
    with root_files.acting_as("them"):
        for refused in (victim.read_text, lambda: victim.write_text(""), lambda: os.chown(victim, OTHER, OTHER)):
            with pytest.raises(PermissionError):
                refused()
        (folder / "theirs").write_text("x")
    assert (folder / "theirs").stat().st_uid == OTHER
    assert victim.read_text() == "root's own"
