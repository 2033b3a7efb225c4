"""The package's life on both generations of DSM: what it leaves, what it keeps (rows SW01, SW05, SW06)."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from spks import variant

from desktop import Desktop, Refusal
from dsmhost.spk import Refused
from office import DOMAIN, PACKAGE, Office, until

# DSM looks at the number behind the dash: it must grow.
OLDER, NEWER, NEWEST = "0.0.9-0000", "0.2.0-7000", "0.3.0-8000"
FAILS = "#!/bin/sh\necho 'this upgrade does not want to' >\"$SYNOPKG_TEMP_LOGFILE\"\nexit 1\n"
LEFT = """
for process in /proc/[0-9]*; do
  case $(readlink "$process/exe" 2>/dev/null) in /volume1/@appstore/*) echo "process ${process#/proc/}" ;; esac
  grep -qsa "@[a]ppstore/Mailroom/bin" "$process/cmdline" && echo "program ${process#/proc/}"
done
grep -s /@appstore/Mailroom /proc/mounts
for port in 0019 01D1 024B 008F 03E1 14A0; do
  grep -hiE "^ *[0-9]+: [0-9A-F]+:$port [0-9A-F:]+ 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null
done
grep -s Mailroom /proc/net/unix
exit 0
"""


def left(nas: Office) -> list[str]:
    """Processes, mounts and open sockets of ours on the NAS."""
    return nas.machine.run("sh", "-c", LEFT).stdout.splitlines()


def mark(nas: Office, name: str) -> int:
    """Leave something to find again: a message, a setting; the size limit that was set."""
    nas.deliver(f"before {name}")
    nas.arrived("ben", f"before {name}")
    size = 31 + len(name)
    nas.apply("mail_delivery.general", max_message_mb=size)
    return size


def assert_kept(nas: Office, name: str, size: int) -> None:
    """Mail, settings and seats are as `mark` left them, and mail flows."""
    assert nas.arrived("ben", f"before {name}")
    assert nas.ctl("settings", "get", "mail_delivery.general.max_message_mb") == size
    assert nas.ctl("licences")["used"] == 3
    nas.deliver(f"after {name}")
    assert nas.arrived("ben", f"after {name}")


def test_the_wizards_answers_are_the_first_settings(nas: Office) -> None:
    values = nas.ctl("settings", "list", "mail_delivery.general")["mail_delivery.general"]["values"]
    assert values["domain"] == DOMAIN and values["hostname"] == f"mail.{DOMAIN}"
    with nas.smtp() as client:
        assert client.ehlo()[1].decode().startswith(f"mail.{DOMAIN}")


def test_the_window_and_the_portal_answer_where_dsm_shows_them(nas: Office) -> None:
    told = Desktop(nas).get("api/session")
    assert told["admin"] is True and told["domain"] == DOMAIN and told["activation"] is None
    with urllib.request.urlopen(f"{nas.web}/mail/") as answer:
        assert answer.status == 200 and b"<html" in answer.read()
    with pytest.raises(Refusal) as refused:
        Desktop(nas, "ben").get("api/overview")
    assert refused.value.status == 403


def test_a_stop_leaves_nothing_also_with_a_mail_client_connected(nas: Office) -> None:
    client = nas.imap("ben")
    client.select("INBOX")
    nas.machine.ask("stop", name="Mailroom")
    assert left(nas) == []
    with pytest.raises((OSError, client.abort)):
        client.noop()
    nas.machine.ask("start", name="Mailroom")
    nas.ready()


def test_a_reboot_brings_everything_back(nas: Office) -> None:
    size = mark(nas, "reboot")
    nas.machine.shutdown()
    nas.machine.boot()
    nas.ready()
    assert_kept(nas, "reboot", size)


def test_a_power_cut_brings_everything_back(nas: Office) -> None:
    size = mark(nas, "power")
    nas.machine.power_cut()
    nas.machine.boot()
    nas.ready()
    assert_kept(nas, "power", size)


def test_an_upgrade_that_fails_leaves_the_old_one_running(nas: Office, tmp_path: Path) -> None:
    size = mark(nas, "failure")
    refused = variant(nas.package, tmp_path / "refused.spk", NEWER, {"preupgrade": FAILS})
    with pytest.raises(Refused, match="does not want to"):
        nas.install(refused)
    nas.activate()
    nas.ready()
    assert_kept(nas, "failure", size)


def test_an_upgrade_that_breaks_half_way_is_repaired_by_installing_again(nas: Office, tmp_path: Path) -> None:
    size = mark(nas, "half")
    broken = variant(nas.package, tmp_path / "broken.spk", NEWEST, {"postinst": FAILS})
    with pytest.raises(Refused):
        nas.install(broken)
    right = variant(nas.package, tmp_path / "right.spk", NEWEST)
    nas.machine.ask("repair", file=str(right), wizard={})
    nas.machine.ask("start", name="Mailroom")
    nas.activate()
    nas.ready()
    assert_kept(nas, "half", size)


def test_an_upgrade_keeps_mail_settings_and_seats(nas: Office, tmp_path: Path) -> None:
    size = mark(nas, "upgrade")
    nas.machine.ask("uninstall", name="Mailroom", wizard={})
    nas.machine.ask("install", file=str(variant(nas.package, tmp_path / "older.spk", OLDER)), wizard=asked())
    nas.activate()
    nas.ready()
    nas.install()
    status = nas.machine.ask("status", name="Mailroom")
    assert status["code"] == 0 and status["version"] != OLDER
    if nas.profile == "7":
        # DSM gives an upgraded package its rights afresh: the window asks for the activation once more.
        assert json.loads(nas.machine.run("cat", f"{PACKAGE}/conf/privilege").stdout)["defaults"]["run-as"] == "package"
        # It can show itself though the folder above all data is root's since the first activation.
        assert nas.machine.run("stat", "-c", "%u %a", f"{PACKAGE}/var/").stdout == "0 755\n"
        until(lambda: Desktop(nas).get("api/session")["activation"], 30, "the window names the command")
    nas.activate()
    nas.ready()
    assert_kept(nas, "upgrade", size)


def test_uninstall_keeps_what_the_wizard_promised(nas: Office) -> None:
    size = mark(nas, "keep")
    nas.machine.ask("uninstall", name="Mailroom", wizard={})
    assert left(nas) == [] and "Mailroom" not in nas.machine.ask("packages")
    nas.install()
    nas.activate()
    nas.ready()
    assert_kept(nas, "keep", size)


def test_uninstall_deletes_what_the_wizard_promised(nas: Office) -> None:
    mark(nas, "delete")
    nas.machine.ask("uninstall", name="Mailroom", wizard={"wizard_keep_data": "false", "wizard_delete_data": "true"})
    assert left(nas) == []
    found = nas.machine.run(
        "find", "/volume1", "-name", "*.m", "-o", "-name", "settings.sqlite", "-o", "-name", "u.*"
    ).stdout
    assert found == ""
    nas.install()
    nas.activate()
    nas.ready()
    until(lambda: nas.ctl("accounts", "activate", "anna", "ben", "chloe"))
    assert nas.folder_of("ben") == []
    assert nas.ctl("settings", "get", "mail_delivery.general.max_message_mb") == 30


def asked() -> dict[str, str]:
    """Other answers than the first time: settings that are there already win."""
    return {"wizard_domain": "other.example", "wizard_hostname": "mail.other.example"}
