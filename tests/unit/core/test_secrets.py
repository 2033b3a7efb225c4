"""Keys that are derived from this server's own (X06-04)."""

from __future__ import annotations

from pathlib import Path

from mailroom.core.secrets import derived


def test_a_derived_key_is_always_the_same_and_like_no_other(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "key", tmp_path / "other"
    assert derived("srs", here) == derived("srs", here) and len(derived("srs", here)) == 32
    assert len({derived("srs", here), derived("else", here), derived("srs", elsewhere), here.read_bytes()}) == 4
