"""The front end as it is built: small enough before the first picture (the design's budget: 250 KB, compressed), and
with the licences of all it contains."""

from __future__ import annotations

import gzip
import re

import pytest

from devtools import frontend, notices

FIRST_BYTES_MAX = 250_000


@pytest.mark.parametrize("name", ["admin.html", "mail.html"])
def test_first_paint_is_small(name: str) -> None:
    """The page's own files, without what it loads later."""
    folder = frontend.built() / "dist"
    text = (folder / name).read_text()
    wanted = {folder / file for file in re.findall(r'(?:src|href)="\./(assets/[^"]+)"', text)}
    assert len(wanted) > 3
    assert sum(len(gzip.compress(file.read_bytes())) for file in wanted) < FIRST_BYTES_MAX


def test_the_licences_go_with_it() -> None:
    text = (frontend.built() / "dist" / "licences.txt").read_text()
    for _, name, facts in notices.shipped():
        assert f"\n{name} {facts['version']}: " in text
    assert "Jeremy Danyow" in text and "Apache License" in text and "Mozilla Public License" in text
