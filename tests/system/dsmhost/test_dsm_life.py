"""The life of a package: the orders of its scripts, what they are told, and what stays of it, in both profiles."""

from __future__ import annotations

import os
from pathlib import Path

from dsm_life import INSTALL, START, STOP, UPGRADE, install, owner, record, scripts, variables
from dsm_probe import Probe

from dsmhost.machine import Machine


def test_install(nas: Machine, tmp_path: Path) -> None:
    install(nas, tmp_path)
    lines = record(nas)
    assert [line[0] for line in lines] == [*INSTALL, *START]
    assert {line[1] for line in lines} == {"INSTALL"}
    assert {line[4] for line in lines} == {owner(nas)}


def test_install_without_start(nas: Machine, tmp_path: Path) -> None:
    answer = install(nas, tmp_path, start=False)
    assert scripts(nas) == INSTALL and answer["enabled"] is False
    nas.ask("start", name="Probe")
    assert [line[:2] for line in record(nas)] == [[verb, "START"] for verb in START]
    nas.ask("stop", name="Probe")
    assert [line[:2] for line in record(nas)] == [[verb, "STOP"] for verb in STOP]


def test_upgrade(nas: Machine, tmp_path: Path) -> None:
    """Old and new scripts in DSM's order; the old ones run with UPGRADE as well."""
    install(nas, tmp_path)
    record(nas)
    install(nas, tmp_path, "1.1-2")
    lines = record(nas)
    assert [line[0] for line in lines] == [*STOP, *UPGRADE, *START]
    assert {line[1] for line in lines} == {"UPGRADE"}
    told = {line[0]: (line[2], line[3]) for line in lines}
    assert told["preupgrade"] == told["postinst"] == told["postupgrade"] == ("1.1-2", "1.0-1")
    assert told["preuninst"] == told["postuninst"] == ("1.0-1", "1.0-1")
    assert (nas.folder / "volume1/@appstore/Probe/version").read_text() == "1.1-2"


def test_upgrade_of_a_stopped_package(nas: Machine, tmp_path: Path) -> None:
    install(nas, tmp_path, start=False)
    record(nas)
    assert install(nas, tmp_path, "1.1-2")["enabled"] is False
    assert scripts(nas) == UPGRADE


def test_uninstall(nas: Machine, tmp_path: Path) -> None:
    install(nas, tmp_path)
    record(nas)
    nas.ask("uninstall", name="Probe")
    lines = record(nas)
    assert [line[0] for line in lines] == [*STOP, "preuninst", "postuninst"]
    assert {line[1] for line in lines} == {"UNINSTALL"}


def test_reboot(nas: Machine, tmp_path: Path) -> None:
    """Only `stop` at power-off; prestart (on 7) and start at power-on; the status is empty, nobody acts."""
    install(nas, tmp_path)
    record(nas)
    nas.shutdown()
    assert [line[:2] for line in record(nas)] == [["start-stop-status stop", ""]]
    nas.boot()
    verbs = START if nas.profile == "7" else START[1:]
    assert [line[:2] for line in record(nas)] == [[verb, ""] for verb in verbs]
    assert variables(nas, "start-stop-status-start")["SYNOPKG_USERNAME"] == ""
    assert nas.ask("status", name="Probe")["code"] == 0


def test_stopped_stays_stopped_over_a_reboot(nas: Machine, tmp_path: Path) -> None:
    install(nas, tmp_path)
    nas.ask("stop", name="Probe")
    record(nas)
    nas.shutdown()
    nas.boot()
    assert scripts(nas) == []


def test_power_cut(nas: Machine, tmp_path: Path) -> None:
    """No script says good-bye, the pid file stays, and all that ran is gone."""
    install(nas, tmp_path)
    record(nas)
    first = nas.pid()
    nas.power_cut()
    assert not Path(f"/proc/{first}").exists()
    assert scripts(nas) == [] and not nas.is_on()
    nas.boot()
    assert scripts(nas) == (START if nas.profile == "7" else START[1:])
    assert nas.ask("status", name="Probe")["code"] == 0


def test_variables(nas: Machine, tmp_path: Path) -> None:
    install(nas, tmp_path, "1.0-1")
    told = variables(nas, "preinst")
    seven = nas.profile == "7"
    assert told["SYNOPKG_PKGNAME"] == "Probe" and told["SYNOPKG_PKGVER"] == "1.0-1"
    assert told["SYNOPKG_PKGDEST"] == "/volume1/@appstore/Probe" and told["SYNOPKG_PKGDEST_VOL"] == "/volume1"
    assert told["SYNOPKG_PKGINST_TEMP_DIR"].startswith("/volume1/")
    assert (told["SYNOPKG_DSM_VERSION_MAJOR"], told["SYNOPKG_DSM_VERSION_MINOR"]) == (
        ("7", "2") if seven else ("6", "2")
    )
    assert told["SYNOPKG_DSM_ARCH"] == "geminilake" and told["SYNOPKG_DSM_LANGUAGE"] == "enu"
    assert told["SYNOPKG_USERNAME"] == "admin"
    for name, folder in (("VAR", "@appdata"), ("TMP", "@apptemp"), ("HOME", "@apphome")):
        assert told.get(f"SYNOPKG_PKG{name}") == (f"/volume1/{folder}/Probe" if seven else None)
    assert "/usr/syno" not in told["PATH"] and "/usr/local" not in told["PATH"]


def test_folders(nas: Machine, tmp_path: Path) -> None:
    """Which there are, whose they are, and which survive an uninstall."""
    probe = Probe(nas.profile, payload={"tool": b"x"}, payload_modes={"tool": 0o6755})
    nas.ask("install", file=probe.write(tmp_path))
    there = set(nas.run("ls", "/var/packages/Probe").stdout.split())
    assert {"target", "etc", "INFO", "conf", "scripts", "enabled"} <= there
    assert ({"var", "tmp", "home"} <= there) is (nas.profile == "7")
    assert not {"var", "tmp", "home"} & there or nas.profile == "7"
    state = nas.run("stat", "-Lc", "%U:%G %a", "/var/packages/Probe/target/tool").stdout.strip()
    assert state == ("probe:probe 755" if nas.profile == "7" else "root:root 755")
    assert nas.run("stat", "-c", "%U", "/var/packages/Probe/conf/privilege").stdout.strip() == "root"
    kept = ("etc", "var", "home") if nas.profile == "7" else ("etc",)
    gone = ("target", "tmp") if nas.profile == "7" else ("target",)
    real = {name: nas.run("readlink", f"/var/packages/Probe/{name}").stdout.strip() for name in (*kept, *gone)}
    for path in real.values():
        nas.run("touch", f"{path}/mine")
    nas.ask("uninstall", name="Probe")
    for name, path in real.items():
        assert nas.run("test", "-e", f"{path}/mine", check=False).returncode == (0 if name in kept else 1), name
    assert nas.run("test", "-e", "/var/packages/Probe", check=False).returncode == 1


def test_data_over_an_upgrade(nas: Machine, tmp_path: Path) -> None:
    """target is replaced: what lay there lives on only if the scripts carry it over. etc, and var on 7, stay."""
    install(nas, tmp_path)
    nas.run(
        "sh", "-c", "cd /var/packages/Probe && echo carried >target/data; echo lost >target/other; echo kept >etc/data"
    )
    if nas.profile == "7":
        nas.run(
            "sh", "-c", "cd /var/packages/Probe && echo kept >var/data; echo kept >home/data; chmod 644 target/data"
        )
    install(nas, tmp_path, "1.1-2")
    assert nas.run("cat", "/var/packages/Probe/target/data").stdout == "carried\n"
    assert nas.run("test", "-e", "/var/packages/Probe/target/other", check=False).returncode == 1
    for name in ("etc", "var", "home") if nas.profile == "7" else ("etc",):
        assert nas.run("cat", f"/var/packages/Probe/{name}/data").stdout == "kept\n"
    assert nas.run("sh", "-c", "ls /volume1/@tmp/upgrade").stdout == ""


def test_root_by_the_administrator(nas7: Machine, tmp_path: Path) -> None:
    """The installed conf/privilege counts, as root edited it, until the next upgrade puts the package's own there."""
    install(nas7, tmp_path)
    nas7.run("sed", "-i", 's/"run-as": "package"/"run-as": "root"/', "/var/packages/Probe/conf/privilege")
    record(nas7)
    nas7.run("/usr/syno/bin/synopkg", "restart", "Probe")
    assert [line[4] for line in record(nas7)] == ["root"] * 4
    install(nas7, tmp_path, "1.1-2")
    users = {line[0]: line[4] for line in record(nas7)}
    assert users["preuninst"] == users["postuninst"] == users["start-stop-status stop"] == "root"
    assert users["preupgrade"] == users["postinst"] == users["start-stop-status start"] == "probe"
    assert nas7.run("stat", "-Lc", "%U", "/var/packages/Probe/target").stdout.strip() == "probe"


def test_dsm6_package_account(nas6: Machine, tmp_path: Path) -> None:
    """On 6 a package may run as its account, and single scripts as root."""
    privilege = {
        "defaults": {"run-as": "package"},
        "username": "probe",
        "ctrl-script": [{"action": "start", "run-as": "root"}],
    }
    nas6.run("sh", "-c", "mkdir -p -m 777 /usr/syno/etc/packages/Probe")
    nas6.ask("install", file=Probe("6.2", privilege=privilege).write(tmp_path))
    users = {line[0]: line[4] for line in record(nas6)}
    assert (
        users["preinst"] == users["start-stop-status prestart"] == "probe"
        and users["start-stop-status start"] == "root"
    )
    assert int(nas6.run("id", "-u", "probe").stdout) < 100_000


def test_no_devices_on_the_volume(nas: Machine) -> None:
    nas.run("mknod", "/volume1/null", "c", "1", "3")
    assert nas.run("sh", "-c", "echo x >/volume1/null", check=False).returncode != 0
    nas.run("sh", "-c", "echo x >/dev/null")


def test_big_payload_is_not_held_in_memory(nas7: Machine, tmp_path: Path) -> None:
    """It goes from the file through tar: the first process never has it as a whole."""
    size = 96 * 1024 * 1024
    file = Probe("7", payload={"big": os.urandom(1024) * (size // 1024)}, compresslevel=0).write(tmp_path)
    assert file.stat().st_size > size
    nas7.ask("install", file=file)
    assert nas7.run("stat", "-Lc", "%s", "/var/packages/Probe/target/big").stdout == f"{size}\n"
    used = nas7.run("grep", "VmHWM", "/proc/2/status").stdout.split()
    assert int(used[1]) * 1024 < size
