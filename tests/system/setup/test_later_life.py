"""The chosen network interface and volume in the life of a server that is set up (rows PR08, SW07)."""

from __future__ import annotations

import os
import urllib.request

import pytest
from setup_nas import data, place

from desktop import Desktop
from office import PACKAGE, Office, until

pytestmark = pytest.mark.usefixtures("used")
LAN_2 = "10.78.31"
CONDITION = "mail-volume"


def conditions(nas: Office) -> list[str]:
    """Ids of what lasts."""
    return [one["id"] for one in nas.ctl("status")["conditions"]]


def answers_at(nas: Office, to: str, port: int) -> bool:
    """Whether somebody outside gets an answer at this address of the NAS."""
    try:
        nas.connect(port, to=to, timeout_s=5).close()
    except OSError:
        return False
    return True


def plug_in_second_lan(nas: Office) -> None:
    """A second cable to the outside world."""
    world = (nas.machine.folder / "world.pid").read_text().strip()
    lines = f"link add eth1 type veth peer name eth1 netns {world}\nlink set eth1 up\naddr add {LAN_2}.2/24 dev eth1\n"
    nas.machine.network("ip", "-batch", "-", input=lines.encode(), check=True)
    nas.machine.world("ip", "link", "set", "eth1", "up", check=True)
    nas.machine.world("ip", "addr", "add", f"{LAN_2}.1/24", "dev", "eth1", check=True)


def test_mail_services_listen_on_the_interface_that_was_chosen(nas: Office) -> None:
    """Row PR08: and nowhere else, whatever happens to its address."""
    lan_1, lan_2 = nas.address(2), f"{LAN_2}.2"
    refused = nas.ctl("settings", "set", "service.interface.interface=eth1", check=False)["error"]
    assert refused["field"] == "interface" and "eth0 (LAN 1)" in refused["next"]
    plug_in_second_lan(nas)
    assert answers_at(nas, lan_1, 25) and answers_at(nas, lan_2, 25)
    page = Desktop(nas).get("api/settings/service.interface")
    assert page["schema"]["properties"]["interface"]["x-ui"]["labels"]["eth1"] == f"LAN 2 ({lan_2})"
    nas.apply("service.interface", interface="eth1")
    for port in (25, 465, 587, 143, 993):
        assert answers_at(nas, lan_2, port) and not answers_at(nas, lan_1, port), port
    with nas.smtp(to=lan_2) as client:
        client.send_message(nas.mail("over LAN 2"))
    until(lambda: not nas.late(), 60, "every service is ready by its own account")
    # The portal and the test mail go over loopback.
    with urllib.request.urlopen(f"{nas.web}/mail/") as answer:
        assert answer.status == 200
    # Its address changes, as by DHCP.
    nas.machine.network("ip", "addr", "del", f"{LAN_2}.2/24", "dev", "eth1", check=True)
    nas.machine.network("ip", "addr", "add", f"{LAN_2}.77/24", "dev", "eth1", check=True)
    until(lambda: answers_at(nas, f"{LAN_2}.77", 25) and answers_at(nas, f"{LAN_2}.77", 993), 60, "followed")
    # The cable is pulled out: nothing opens elsewhere, and the window says so.
    nas.machine.network("ip", "link", "del", "eth1", check=True)
    until(lambda: "network-interface" in conditions(nas), 60, "told")
    assert not answers_at(nas, lan_1, 25) and not answers_at(nas, lan_1, 993)
    plug_in_second_lan(nas)
    until(lambda: answers_at(nas, lan_2, 25), 60, "back by itself")
    until(lambda: "network-interface" not in conditions(nas), 60, "no longer told")
    nas.apply("service.interface", interface="all")
    assert answers_at(nas, lan_1, 25) and answers_at(nas, lan_1, 993) and answers_at(nas, lan_2, 25)
    assert nas.arrived("ben", "over LAN 2")


def test_a_volume_that_is_missing_never_leads_to_empty_mailboxes(nas: Office) -> None:
    nas.machine.shutdown()
    nas.machine.volumes = 1
    nas.machine.boot()
    until(lambda: CONDITION in conditions(nas), 120, "the window says so")
    told = nas.ctl("status")
    states = {one["id"]: (one["state"], one["why"]) for one in told["daemons"]}
    assert states["postfix"] == states["dovecot"] == ("disabled", "The volume with the mail is missing.")
    assert "/volume2" in told["health"]["title"] and "--abandon-volume" in told["health"]["next"]
    assert not answers_at(nas, nas.address(2), 25) and not answers_at(nas, nas.address(2), 993)
    assert nas.machine.run("ls", "-A", "/volume2", "/volume1/Mailroom/mail/mailboxes").stdout.split() == [
        "/volume1/Mailroom/mail/mailboxes:",
        "/volume2:",
    ]
    # Settings go on working, and change nothing of it.
    nas.apply("mail_delivery.general", max_message_mb=44)
    assert not answers_at(nas, nas.address(2), 25)
    refused = nas.ctl("setup", "--abandon-volume", "/volume1", check=False)["error"]
    assert "/volume2" in refused["message"]
    nas.machine.attach(2)
    until(lambda: place(nas) == "/volume2", 120, "the volume is found again")
    nas.ready()
    assert CONDITION not in conditions(nas) and nas.arrived("ben", "from outside")
    nas.machine.volumes = 2


def test_a_volume_that_is_gone_for_good_is_given_up_by_name(nas: Office) -> None:
    choice, store = data(nas) / "mail-volume", nas.machine.folder / "volume2/@mailroom/mail/.store"
    kept = choice.read_text()
    nas.machine.ask("stop", name="Mailroom")
    store.rename(store.with_suffix(".away"))
    nas.machine.ask("start", name="Mailroom")
    until(lambda: CONDITION in conditions(nas), 120, "the window says so")
    done = nas.ctl("setup", "--abandon-volume", "/volume2")
    assert done == {"abandoned": "/volume2", "volume": "/volume1"}
    nas.ready()
    assert place(nas) == "/volume1" and nas.folder_of("ben") == [] and CONDITION not in conditions(nas)
    # As it was, for the next test.
    nas.machine.ask("stop", name="Mailroom")
    store.with_suffix(".away").rename(store)
    choice.write_text(kept)
    nas.machine.ask("start", name="Mailroom")
    nas.ready()
    assert place(nas) == "/volume2" and nas.arrived("ben", "from outside")


def test_the_chosen_volume_outlives_uninstalling_that_keeps_and_goes_with_uninstalling_that_deletes(
    nas: Office,
) -> None:
    nas.machine.ask("uninstall", name="Mailroom", wizard={})
    assert list((nas.machine.folder / "volume2/@mailroom/mail/mailboxes/ben").rglob("u.*"))
    nas.install()
    nas.activate()
    nas.ready()
    assert place(nas) == "/volume2" and nas.arrived("ben", "from outside")
    nas.deliver("after reinstalling")
    assert nas.arrived("ben", "after reinstalling")
    nas.machine.ask("uninstall", name="Mailroom", wizard={"wizard_keep_data": "false", "wizard_delete_data": "true"})
    assert os.listdir(nas.machine.folder / "volume2") == []
    assert not nas.machine.run("sh", "-c", f"ls -d {PACKAGE} 2>/dev/null", check=False).stdout
