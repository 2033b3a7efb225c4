"""What the tests of settings share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from changing import newest_revision
from desktop import Desktop
from office import Office


@pytest.fixture
def desktop(server: Office) -> Desktop:
    return Desktop(server)


@pytest.fixture
def undone(server: Office) -> Iterator[int]:
    """The revision that is in force before the test, and again after it."""
    before = newest_revision(server)
    yield before
    if newest_revision(server) != before:
        server.ctl("settings", "put-back", str(before))
