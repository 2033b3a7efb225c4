"""One NAS with two volumes, installed by somebody who left DSM's questions empty, for all tests of the first set-up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from setup_nas import ANSWERS, applied

from desktop import Desktop
from office import ANSWERS as INSTALLED
from office import Office, office, until


@pytest.fixture(scope="package")
def nas() -> Iterator[Office]:
    with office(31, "7", opened=False) as made:
        made.machine.volumes = 2
        made.boot()
        made.machine.ask("install", file=str(made.package), wizard=dict.fromkeys(INSTALLED, ""))
        made.activate()
        until(lambda: not made.late(), 120, "all daemons answer")
        yield made


@pytest.fixture
def desktop(nas: Office) -> Desktop:
    """The administrator's."""
    return Desktop(nas)


@pytest.fixture
def used(nas: Office, desktop: Desktop) -> Office:
    """The NAS once it is set up, and with a message in ben's mailbox."""
    if not desktop.get("api/setup")["finished"]:
        assert applied(desktop, **ANSWERS)["state"] == "done"
        nas.ready()
        nas.ctl("accounts", "activate", "anna", "ben", "chloe")
    if not nas.folder_of("ben"):
        nas.deliver("from outside")
        nas.arrived("ben", "from outside")
    return nas
