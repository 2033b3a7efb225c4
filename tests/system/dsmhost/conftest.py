"""One running machine a profile for all tests; each test finds it without packages and without their remains."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dsm_desk import PASSWORD, with_window
from dsm_probe import free_port

from dsmhost.machine import Machine

PROFILES = ("6.2", "7")
# Accounts outlive their packages, as on DSM.
CLEAN = """
userdel probe; groupdel probe
rm -rf /volume1/* /usr/syno/etc/packages/* /usr/syno/etc/shares /tmp/* /var/log/packages/* /var/log/synopkg.log
mkdir -p -m 777 /volume1/probe/env /volume1/probe/fail
chmod 777 /volume1/probe
cd /volume1/probe && touch record polls && chmod 666 record polls
"""


@pytest.fixture(scope="session")
def machines() -> Iterator[dict[str, Machine]]:
    if os.geteuid() != 0:
        pytest.skip("a machine needs root")
    folder = Path(tempfile.mkdtemp(prefix="dsmhost-"))
    made = {
        profile: Machine(folder / profile, profile, 31 + at, forwards={free_port(): 5000})
        for at, profile in enumerate(PROFILES)
    }
    try:
        for machine in made.values():
            machine.create()
        yield made
    finally:
        for machine in made.values():
            machine.delete()
        shutil.rmtree(folder)


def ready(machine: Machine) -> Machine:
    """Switched on and empty, with a place where the probe writes."""
    machine.boot()
    (machine.folder / "volume1/probe/fail").mkdir(parents=True, exist_ok=True)
    for failing in (machine.folder / "volume1/probe/fail").iterdir():
        failing.unlink()
    for name in machine.ask("packages"):
        machine.ask("uninstall", name=name)
    machine.run("sh", "-c", CLEAN)
    return machine


@pytest.fixture(params=PROFILES)
def nas(request: pytest.FixtureRequest, machines: dict[str, Machine]) -> Machine:
    return ready(machines[request.param])


@pytest.fixture
def nas7(machines: dict[str, Machine]) -> Machine:
    return ready(machines["7"])


@pytest.fixture
def nas6(machines: dict[str, Machine]) -> Machine:
    return ready(machines["6.2"])


@pytest.fixture(scope="module")
def empty(machines: dict[str, Machine]) -> dict[str, Machine]:
    """Machines for tests that leave nothing behind."""
    return {profile: ready(machine) for profile, machine in machines.items()}


@pytest.fixture
def shown(nas: Machine, tmp_path: Path) -> Machine:
    """A machine with the probe that has a window, an administrator and a plain user."""
    nas.run("/usr/syno/bin/synouser", "--del", "anna", "bob", check=False)
    nas.add_user("anna", PASSWORD, admin=True)
    nas.add_user("bob", PASSWORD)
    nas.ask("install", file=with_window(nas.profile).write(tmp_path))
    return nas


@pytest.fixture
def address(shown: Machine) -> str:
    """Where this host's browser finds the desktop."""
    return f"http://127.0.0.1:{next(iter(shown.forwards))}/"
