"""Wizards, resource workers, and DSM's command-line tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dsm_probe import Probe

from dsmhost.machine import Machine
from dsmhost.spk import Refused

PORTS = b"""[probe]
title="Probe"
desc="A port"
port_forward="yes"
dst.ports="25,465:587/tcp"
"""
RADIO = {
    "type": "singleselect",
    "subitems": [{"key": "wizard_keep", "defaultValue": True}, {"key": "wizard_drop", "defaultValue": False}],
}
NAME = {
    "type": "textfield",
    "subitems": [{"key": "wizard_name", "defaultValue": "nobody", "validator": {"allowBlank": False}}],
}
WIZARD = [{"step_title": "One", "items": [NAME, RADIO, {"desc": "Only words"}]}]
SYNO = "/usr/syno/bin"


def variables(nas: Machine, script: str) -> dict[str, str]:
    lines = (nas.folder / "volume1/probe/env" / script).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def answers(nas: Machine) -> dict[str, str]:
    """{script: wizard_name} since it was last asked."""
    file = nas.folder / "volume1/probe/record"
    found = {line.split("|")[0]: line.split("|")[5] for line in file.read_text().splitlines()}
    file.write_text("")
    return found


def test_wizard(nas: Machine, tmp_path: Path) -> None:
    """Defaults and answers reach the install scripts and no later start."""
    probe = Probe(nas.profile).wizard("install", WIZARD)
    nas.ask("install", file=probe.write(tmp_path), wizard={"wizard_drop": "true"})
    told = answers(nas)
    assert told["preinst"] == told["postinst"] == "nobody" and told["start-stop-status start"] == "unset"
    assert variables(nas, "postinst")["wizard_drop"] == "true"
    # The other radio button went out.
    assert variables(nas, "postinst")["wizard_keep"] == "false"


@pytest.mark.parametrize("given", [{"wizard_name": ""}, {"wizard_other": "x"}])
def test_wizard_takes_no_nonsense(nas: Machine, tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(Refused):
        nas.ask("install", file=Probe(nas.profile).wizard("install", WIZARD).write(tmp_path), wizard=given)
    assert nas.ask("packages") == [] and answers(nas) == {}


def test_upgrade_and_uninstall_wizards(nas: Machine, tmp_path: Path) -> None:
    """Scripts of both versions get the answers of an upgrade."""
    nas.ask("install", file=Probe(nas.profile).write(tmp_path))
    answers(nas)
    probe = Probe(nas.profile, "1.1-2").wizard("upgrade", WIZARD).wizard("uninstall", WIZARD)
    nas.ask("install", file=probe.write(tmp_path), wizard={"wizard_name": "anna"})
    told = answers(nas)
    assert {told[name] for name in ("preupgrade", "preuninst", "postuninst", "preinst", "postinst", "postupgrade")} == {
        "anna"
    }
    assert told["start-stop-status start"] == told["start-stop-status stop"] == "unset"
    nas.ask("uninstall", name="Probe", wizard={"wizard_name": "bob"})
    told = answers(nas)
    assert told["preuninst"] == told["postuninst"] == "bob"


def test_wizard_made_by_a_script(nas: Machine, tmp_path: Path) -> None:
    """It sees the variables; when it writes nothing, nothing is asked."""
    made = json.dumps(WIZARD).replace("nobody", "$SYNOPKG_PKGNAME")
    script = f'#!/bin/sh\n[ -e /volume1/probe/fail/quiet ] || cat >"$SYNOPKG_TEMP_LOGFILE" <<END\n{made}\nEND\n'
    probe = Probe(nas.profile).wizard("install", script)
    nas.ask("install", file=probe.write(tmp_path))
    assert answers(nas)["postinst"] == "Probe"
    nas.ask("uninstall", name="Probe")
    (nas.folder / "volume1/probe/fail/quiet").touch()
    answers(nas)
    nas.ask("install", file=probe.write(tmp_path))
    assert answers(nas)["postinst"] == "unset"


def test_command_line_shows_no_wizard(nas: Machine, tmp_path: Path) -> None:
    file = Probe(nas.profile).wizard("install", WIZARD).write(tmp_path)
    (nas.folder / "volume1/probe.spk").write_bytes(file.read_bytes())
    nas.run(f"{SYNO}/synopkg", "install", "/volume1/probe.spk")
    assert answers(nas)["postinst"] == "unset"
    assert variables(nas, "postinst")["SYNOPKG_TEMP_SPKFILE"] == "/volume1/probe.spk"


def test_shares(nas: Machine, tmp_path: Path) -> None:
    """Made before the first start, given to the account, never deleted; its name may come from the wizard."""
    workers = {"data-share": {"shares": [{"name": "{{wizard_name}}", "permission": {"rw": ["probe", "nobodys"]}}]}}
    probe = Probe(nas.profile).wizard("install", WIZARD).resource(**workers)
    nas.ask("install", file=probe.write(tmp_path), wizard={"wizard_name": "mails"}, start=False)
    assert nas.run("test", "-e", "/volume1/mails", check=False).returncode == 1
    nas.ask("start", name="Probe")
    owner = "probe" if nas.profile == "7" else "root"
    assert nas.run("stat", "-c", "%U", "/volume1/mails").stdout.strip() == owner
    assert "[/volume1/mails]" in nas.run(f"{SYNO}/synoshare", "--get", "mails").stdout.splitlines()[3]
    if nas.profile == "7":
        assert nas.run("readlink", "/var/packages/Probe/shares/mails").stdout == "/volume1/mails\n"
    nas.run("touch", "/volume1/mails/one")
    nas.ask("uninstall", name="Probe")
    assert nas.run("test", "-e", "/volume1/mails/one").returncode == 0


def test_ports(nas: Machine, tmp_path: Path) -> None:
    probe = Probe(nas.profile, payload={"port_conf/Probe.sc": PORTS}).resource(
        **{"port-config": {"protocol-file": "port_conf/Probe.sc"}}
    )
    assert nas.ask("install", file=probe.write(tmp_path))["said"] == []
    assert nas.run("cat", "/usr/local/etc/services.d/Probe.sc").stdout.encode() == PORTS
    nas.ask("uninstall", name="Probe")
    assert nas.run("test", "-e", "/usr/local/etc/services.d/Probe.sc", check=False).returncode == 1


@pytest.mark.parametrize("content", [b"", b"[probe]\ntitle=x\n", PORTS.replace(b"465:587", b"smtp")])
def test_broken_port_file_is_a_warning(nas: Machine, tmp_path: Path, content: bytes) -> None:
    probe = Probe(nas.profile, payload={"port_conf/Probe.sc": content}).resource(
        **{"port-config": {"protocol-file": "port_conf/Probe.sc"}}
    )
    answer = nas.ask("install", file=probe.write(tmp_path))
    assert answer["code"] == 0 and "port-config" in answer["said"][0]
    assert nas.run("test", "-e", "/usr/local/etc/services.d/Probe.sc", check=False).returncode == 1


def test_links_in_usr_local(nas: Machine, tmp_path: Path) -> None:
    """There while it is switched on, over a reboot too; what is not in the payload is passed over."""
    probe = Probe(
        nas.profile, payload={"bin/probectl": b"#!/bin/sh\necho hello\n"}, payload_modes={"bin/probectl": 0o755}
    )
    nas.ask(
        "install", file=probe.resource(**{"usr-local-linker": {"bin": ["bin/probectl", "bin/none"]}}).write(tmp_path)
    )
    assert nas.run("probectl").stdout == "hello\n"
    assert nas.run("ls", "/usr/local/bin").stdout.split() == ["probectl"]
    nas.shutdown()
    nas.boot()
    assert nas.run("probectl").stdout == "hello\n"
    nas.ask("stop", name="Probe")
    assert nas.run("ls", "/usr/local/bin").stdout == ""


def test_synopkg(nas: Machine, tmp_path: Path) -> None:
    """Exit codes and forms of each DSM; others than root are told nonsense."""
    seven = nas.profile == "7"

    def synopkg(*words: str, user: str = "root") -> tuple[int, str]:
        done = nas.run(f"{SYNO}/synopkg", *words, check=False, user=user)
        return done.returncode, done.stdout

    assert synopkg("status", "Probe")[0] == (255 if seven else 4)
    nas.ask("install", file=Probe(nas.profile).write(tmp_path))
    code, said = synopkg("status", "Probe")
    assert code == 0 and (not seven or json.loads(said)["status"] == "running")
    assert synopkg("version", "Probe") == (0, "1.0-1\n")
    assert synopkg("list", "--name") == (0, "Probe\n")
    assert synopkg("is_onoff", "Probe")[0] == 0
    code, said = synopkg("stop", "Probe")
    assert code == 0 and (not seven or json.loads(said) == {"action": "stop", "stage": "stoped", "success": True})
    assert synopkg("status", "Probe")[0] == (17 if seven else 3)
    assert synopkg("restart", "Probe")[0] == 0 and nas.ask("status", name="Probe")["code"] == 0
    assert synopkg("status", "Probe", user="http")[0] == 17
    assert synopkg("stop", "Probe", user="http")[0] == 255
    assert nas.ask("status", name="Probe")["enabled"]
    (nas.folder / "volume1/bad.spk").write_bytes(Probe(nas.profile, "1.0b-2").write(tmp_path).read_bytes())
    code, said = synopkg("install", "/volume1/bad.spk")
    assert code == 1 and "261" in said and (not seven or json.loads(said)["error"]["code"] == 261)
    assert synopkg("uninstall", "Probe")[0] == 0 and nas.ask("packages") == []


def test_users_and_groups(nas: Machine) -> None:
    nas.run(f"{SYNO}/synouser", "--del", "anna", "bob", check=False)
    nas.add_user("anna", "Secret ' 1", "Anna Änders", admin=True)
    nas.run(f"{SYNO}/synouser", "--add", "bob", "Secret-2", "Bob", "1", "bob@world.example", "0")
    shown = nas.run(f"{SYNO}/synouser", "--get", "anna").stdout.splitlines()
    assert shown[0] == "User Name   : [anna]" and shown[1] == "User Type   : [AUTH_LOCAL]"
    assert "Fullname    : [Anna Änders]" in shown and "Expired     : [false]" in shown
    assert shown[-3:] == ["Member Of   : [2]", "(100) users", "(101) administrators"]
    bob = nas.run(f"{SYNO}/synouser", "--get", "bob").stdout
    assert "Expired     : [true]" in bob and "User Mail   : [bob@world.example]" in bob
    listed = nas.run(f"{SYNO}/synouser", "--enum", "local").stdout.splitlines()
    assert listed == [f"{len(listed) - 1} User Listed:", "admin", "guest", "anna", "bob"]
    assert int(nas.run(f"{SYNO}/synouser", "--getuid", "anna").stdout) >= 1026
    right = nas.run(f"{SYNO}/synouser", "--login", "anna", "Secret ' 1", check=False).returncode
    wrong = nas.run(f"{SYNO}/synouser", "--login", "anna", "Secret", check=False).returncode
    assert right == 0 and wrong != 0
    nas.run(f"{SYNO}/synogroup", "--add", "staff2", "anna", "bob")
    assert nas.run(f"{SYNO}/synogroup", "--get", "staff2").stdout.splitlines()[-2:] == ["0:[anna]", "1:[bob]"]
    nas.run(f"{SYNO}/synogroup", "--member", "staff2", "bob")
    assert nas.run(f"{SYNO}/synogroup", "--get", "staff2").stdout.splitlines()[-1] == "0:[bob]"
    assert "staff2" in nas.run(f"{SYNO}/synogroup", "--enum", "local").stdout.splitlines()
    nas.run(f"{SYNO}/synouser", "--modify", "bob", "Robert", "0", "r@world.example")
    assert "Fullname    : [Robert]" in nas.run(f"{SYNO}/synouser", "--get", "bob").stdout
    nas.run(f"{SYNO}/synogroup", "--del", "staff2")
    nas.run(f"{SYNO}/synouser", "--del", "anna", "bob")
    assert nas.run(f"{SYNO}/synouser", "--get", "anna", check=False).returncode != 0
    for tool in ("synouser", "synogroup", "synoshare"):
        assert nas.run(f"{SYNO}/{tool}", "--enum", "local", user="http", check=False).returncode == 255


def test_synoshare(nas: Machine) -> None:
    nas.run(f"{SYNO}/synoshare", "--add", "office", "For all", "/volume1/office", "", "http", "", "1", "0")
    nas.run(f"{SYNO}/synoshare", "--setuser", "office", "RW", "+", "guest")
    assert nas.run(f"{SYNO}/synoshare", "--get", "office").stdout.splitlines()[4] == "\t RW list:[http,guest]"
    assert "office" in nas.run(f"{SYNO}/synoshare", "--enum", "ALL").stdout.splitlines()
    nas.run(f"{SYNO}/synoshare", "--del", "TRUE", "office")
    assert nas.run("test", "-e", "/volume1/office", check=False).returncode == 1
