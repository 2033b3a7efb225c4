"""The settings story with a configuration that pretends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pretend import open_again

from mailroom.flows import setting_start
from mailroom.flows.setting import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = open_again(tmp_path)
    setting_start.start(made, tmp_path / "setup.json")
    yield made
    made.store.database.close()
