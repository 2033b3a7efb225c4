"""Bodies: the same bytes come out as went in, wherever they were kept; what nobody will read is let go."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailroom.filtering import body as module
from mailroom.filtering.body import Body


@pytest.mark.parametrize("sizes", [[], [0], [10], [10, 0, 20], [300, 300, 300, 300], [5000]])
def test_pieces_are_what_was_added_and_may_be_read_again(
    sizes: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEMORY_BYTES_MAX", 1000)
    monkeypatch.setattr(module, "PIECE", 700)
    body = Body(limit=10_000, folder=tmp_path)
    wanted = b""
    for number, size in enumerate(sizes):
        body.add(bytes([number]) * size)
        wanted += bytes([number]) * size
    first, second = body.pieces(), body.pieces()
    assert next(first, b"") == next(second, b"")
    assert b"".join(body.pieces()) == wanted and body.size == len(wanted)
    assert (body.file is not None) == (len(wanted) > 1000)
    assert list(tmp_path.iterdir()) == []
    body.close()
    assert list(body.pieces()) == []


def test_what_is_over_the_limit_is_counted_and_not_kept(tmp_path: Path) -> None:
    body = Body(limit=10, folder=tmp_path)
    body.add(b"x" * 8)
    body.add(b"x" * 8)
    body.add(b"x")
    assert body.size == 17 and list(body.pieces()) == [] and not body.refused


def test_a_disk_that_refuses_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY_BYTES_MAX", 10)
    body = Body(limit=1000, folder=tmp_path / "none")
    body.add(b"x" * 20)
    body.add(b"x")
    assert body.refused == "No such file or directory" and list(body.pieces()) == []
