"""What tests of a package's life share: the orders of DSM, and what the probe wrote down."""

from __future__ import annotations

import time
from pathlib import Path

from dsm_probe import Probe

from dsmhost.machine import Machine

LIMIT_S = 20.0
INSTALL = ["prereplace", "preinst", "postinst", "postreplace"]
START, STOP = (
    ["start-stop-status prestart", "start-stop-status start"],
    ["start-stop-status prestop", "start-stop-status stop"],
)
UPGRADE = ["preupgrade", "preuninst", "postuninst", "prereplace", "preinst", "postinst", "postreplace", "postupgrade"]


def place(nas: Machine) -> Path:
    return nas.folder / "volume1/probe"


def record(nas: Machine) -> list[list[str]]:
    """[script and verb, status, version, old version, user, wizard_name] of each script since it was last asked."""
    file = place(nas) / "record"
    lines = [line.split("|") for line in file.read_text().splitlines()]
    file.write_text("")
    return lines


def scripts(nas: Machine) -> list[str]:
    return [line[0] for line in record(nas)]


def variables(nas: Machine, script: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (place(nas) / "env" / script).read_text().splitlines() if "=" in line)


def install(nas: Machine, tmp_path: Path, version: str = "1.0-1", **facts: object) -> dict[str, object]:
    """Install the plain probe; what it recorded is for the caller."""
    answer: dict[str, object] = nas.ask("install", file=Probe(nas.profile, version).write(tmp_path), **facts)
    return answer


def fail(nas: Machine, script: str) -> None:
    (place(nas) / "fail" / script).touch()


def until(condition: object, what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, what
        time.sleep(0.05)


def owner(nas: Machine) -> str:
    """Who runs the scripts: on DSM 7 the package's account."""
    return "probe" if nas.profile == "7" else "root"
