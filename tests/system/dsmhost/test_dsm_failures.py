"""Scripts that fail: what is left, what goes on, and what has to be repaired, in both profiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from dsm_life import INSTALL, START, STOP, UPGRADE, fail, install, owner, place, record, scripts, until
from dsm_probe import Probe

from dsmhost.machine import Machine
from dsmhost.spk import Refused


@pytest.mark.parametrize("script", ["prereplace", "preinst"])
def test_failed_before_the_files(nas: Machine, tmp_path: Path, script: str) -> None:
    """Nothing is installed, nothing more is run, and the user reads what the script said."""
    fail(nas, script)
    with pytest.raises(Refused, match="told to fail"):
        install(nas, tmp_path)
    assert scripts(nas) == INSTALL[: INSTALL.index(script) + 1]
    assert nas.ask("packages") == []
    assert nas.run("ls", "/volume1/@tmp").stdout == ""


@pytest.mark.parametrize("script", ["postinst", "postreplace"])
def test_failed_after_the_files(nas: Machine, tmp_path: Path, script: str) -> None:
    """The package is there and corrupted: it does not start until it is repaired, which the same version can do."""
    fail(nas, script)
    with pytest.raises(Refused) as refused:
        install(nas, tmp_path)
    assert refused.value.code == 276
    assert nas.ask("status", name="Probe")["code"] == 150
    with pytest.raises(Refused):
        nas.ask("start", name="Probe")
    (place(nas) / "fail" / script).unlink()
    record(nas)
    nas.ask("repair", file=Probe(nas.profile).write(tmp_path))
    assert scripts(nas) == UPGRADE
    assert nas.ask("start", name="Probe")["code"] == 0


@pytest.mark.parametrize("script", ["preupgrade", "preuninst", "preinst"])
def test_failed_upgrade_keeps_the_old(nas: Machine, tmp_path: Path, script: str) -> None:
    """Up to preinst the old version is whole, and goes on when it ran."""
    install(nas, tmp_path)
    record(nas)
    fail(nas, script)
    with pytest.raises(Refused, match="told to fail"):
        install(nas, tmp_path, "1.1-2")
    assert scripts(nas) == [*STOP, *UPGRADE[: UPGRADE.index(script) + 1], *START]
    status = nas.ask("status", name="Probe")
    assert (status["version"], status["code"]) == ("1.0-1", 0)
    assert (nas.folder / "volume1/@appstore/Probe/version").read_text() == "1.0-1"


@pytest.mark.parametrize("script", ["postinst", "postupgrade"])
def test_failed_upgrade_leaves_it_corrupted(nas: Machine, tmp_path: Path, script: str) -> None:
    """What was carried over outlives it, so that a repair finds it again."""
    install(nas, tmp_path)
    nas.run("sh", "-c", "echo carried >/var/packages/Probe/target/data")
    fail(nas, script)
    with pytest.raises(Refused):
        install(nas, tmp_path, "1.1-2")
    assert nas.ask("status", name="Probe")["state"] == "corrupted"
    assert nas.run("cat", "/volume1/@tmp/upgrade/Probe/data").stdout == "carried\n"
    (place(nas) / "fail" / script).unlink()
    install(nas, tmp_path, "1.1-3")
    assert nas.ask("status", name="Probe")["state"] == "installed"


def test_uninstall_that_objects(nas: Machine, tmp_path: Path) -> None:
    install(nas, tmp_path)
    fail(nas, "preuninst")
    with pytest.raises(Refused, match="told to fail"):
        nas.ask("uninstall", name="Probe")
    assert nas.ask("packages") == ["Probe"]
    assert nas.run("cat", "/var/packages/Probe/target/version").stdout == "1.0-1"


@pytest.mark.parametrize("verb", ["prestart", "start"])
def test_failed_start(nas: Machine, tmp_path: Path, verb: str) -> None:
    install(nas, tmp_path, start=False)
    fail(nas, f"start-stop-status-{verb}")
    with pytest.raises(Refused, match="told to fail"):
        nas.ask("start", name="Probe")
    assert nas.ask("status", name="Probe")["enabled"] is False


def test_abnormal_status_stops_it(nas: Machine, tmp_path: Path) -> None:
    """It is asked again and again while it runs; when it says no, it is stopped and stays off."""
    install(nas, tmp_path)
    record(nas)
    polls = place(nas) / "polls"
    until(lambda: len(polls.read_text().splitlines()) >= 3, "nobody asks")
    assert set(polls.read_text().split()) == {owner(nas)}
    nas.run("sh", "-c", "kill $(cat /var/packages/Probe/var/pid /var/packages/Probe/etc/pid 2>/dev/null)")
    until(lambda: len((place(nas) / "record").read_text().splitlines()) >= len(STOP), "it was not stopped")
    assert nas.ask("status", name="Probe")["enabled"] is False
    assert [line[:2] for line in record(nas)] == [[verb, "STOP"] for verb in STOP]
