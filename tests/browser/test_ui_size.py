"""How much of the front end is needed before the first picture (the budget in the design: 250 KB, compressed)."""

from __future__ import annotations

import gzip
import re

import pytest

from devtools import frontend

FIRST_BYTES_MAX = 250_000


@pytest.mark.parametrize("name", ["admin.html", "mail.html"])
def test_first_paint_is_small(name: str) -> None:
    """The page's own files, without what it loads later."""
    folder = frontend.built() / "dist"
    text = (folder / name).read_text()
    wanted = {folder / file for file in re.findall(r'(?:src|href)="\./(assets/[^"]+)"', text)}
    assert len(wanted) > 3
    assert sum(len(gzip.compress(file.read_bytes())) for file in wanted) < FIRST_BYTES_MAX
