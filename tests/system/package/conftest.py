"""One NAS of each generation for the tests of the package's life; each test leaves it with Mailroom running."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from office import Office, office

NUMBERS = {"6.2": 6, "7": 7}


@pytest.fixture(autouse=True)
def running(request: pytest.FixtureRequest) -> None:
    """A test that failed half-way must not make all later ones fail."""
    if "nas" in request.fixturenames:
        nas = request.getfixturevalue("nas")
        nas.machine.boot()
        if "Mailroom" not in nas.machine.ask("packages"):
            nas.install()
        if nas.machine.ask("status", name="Mailroom")["code"]:
            nas.machine.ask("start", name="Mailroom")
        if nas.machine.run("/usr/local/bin/mailroomctl", "ways", check=False).returncode:
            nas.activate()
            nas.ready()


@pytest.fixture(scope="package", params=["7", "6.2"], ids=["dsm7", "dsm6"])
def nas(request: pytest.FixtureRequest) -> Iterator[Office]:
    with office(NUMBERS[request.param], request.param) as made:
        yield made
