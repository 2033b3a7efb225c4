"""One NAS of each generation for the tests of the package's life; each test leaves it with Mailroom running."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from office import Office, office

NUMBERS = {"6.2": 6, "7": 7}


@pytest.fixture(scope="package", params=["7", "6.2"], ids=["dsm7", "dsm6"])
def nas(request: pytest.FixtureRequest) -> Iterator[Office]:
    with office(NUMBERS[request.param], request.param) as made:
        yield made
