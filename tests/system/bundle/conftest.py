"""The roots of the bundle, from the cache or built."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools import bundle, need
from devtools.bundle import ARMV8, X86_64


@pytest.fixture(scope="session")
def root() -> Path:
    return bundle.root(X86_64)


@pytest.fixture(scope="session")
def armv8_root() -> Path:
    need.need(need.ARMV8)
    return bundle.root(ARMV8)
