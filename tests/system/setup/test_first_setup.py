"""The first set-up of a server that was installed without answers, on a real machine with two volumes and two networks.

Rows SW01-SW08, SW12, PR08. The tests follow each other: from the empty server to its removal.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop import Desktop, Refusal
from office import ANSWERS as INSTALLED
from office import DOMAIN, HOSTNAME, PACKAGE, Office, office, until
from processes import pid_of

ANSWERS = {"domain": DOMAIN, "hostname": HOSTNAME, "interface": "", "volume": "/volume2"}
LAN_2 = "10.78.31"
CONDITION = "mail-volume"


@pytest.fixture(scope="module")
def nas() -> Iterator[Office]:
    """Installed as by somebody who leaves DSM's questions empty."""
    with office(31, "7", opened=False) as made:
        made.machine.volumes = 2
        made.boot()
        made.machine.ask("install", file=str(made.package), wizard=dict.fromkeys(INSTALLED, ""))
        made.activate()
        until(lambda: not made.late(), 120, "all daemons answer")
        yield made


@pytest.fixture(scope="module")
def desktop(nas: Office) -> Desktop:
    return Desktop(nas)


def data(nas: Office) -> Path:
    """The package's data, as this host sees it."""
    return nas.machine.folder / "volume1/@appdata/Mailroom/data"


def ended(desktop: Desktop) -> dict[str, Any]:
    """The job, once it has ended; the job process may be restarted meanwhile."""

    def look() -> Any:
        job = desktop.get("api/setup")["job"]
        return job if job and job["state"] != "running" else None

    return dict(until(look, 120, "the set-up ends"))


def applied(desktop: Desktop, **answers: str) -> dict[str, Any]:
    """Apply and wait for the end."""
    desktop.post("api/setup/apply", answers=answers, revision=desktop.get("api/setup")["revision"])
    return ended(desktop)


def caught(act: Callable[[], object], moment: Callable[[], bool], then: Callable[[], None]) -> None:
    """Do `then` at exactly this moment of something that runs."""

    def quietly() -> None:
        try:
            act()
        except (OSError, Refusal):
            return

    thread = threading.Thread(target=quietly)
    thread.start()
    until(moment, 60, "the moment")
    then()
    thread.join()


def place(nas: Office) -> str:
    """The volume whose store is mounted for the mailboxes."""
    lines = nas.inside("grep", " /mail ", "/proc/self/mountinfo").splitlines()
    assert len(lines) == 1
    return "/volume2" if "/volume2/@mailroom/mail" in lines[0] else "/volume1"


def conditions(nas: Office) -> list[str]:
    return [one["id"] for one in nas.ctl("status")["conditions"]]


def test_without_answers_the_server_waits_for_the_wizard(nas: Office, desktop: Desktop) -> None:
    shown = desktop.get("api/setup")
    assert not shown["finished"] and shown["job"] is None
    assert (shown["answers"]["domain"], shown["answers"]["volume"]) == ("", "/volume1")
    volumes = {one["id"]: one for one in shown["choices"]["volumes"]}
    assert {id: (one["title"], one["current"], one["writable"]) for id, one in volumes.items()} == {
        "/volume1": ("Volume 1", True, True),
        "/volume2": ("Volume 2", False, True),
    }
    assert all(0 < one["free_mb"] <= one["total_mb"] for one in volumes.values())
    interfaces = {one["id"]: one for one in shown["choices"]["interfaces"]}
    assert interfaces["eth0"] == {
        "id": "eth0", "title": "LAN 1", "addresses": [nas.address(2)], "dynamic": False, "up": True,
    }  # fmt: skip
    with pytest.raises(Refusal) as refused:
        Desktop(nas, "ben").get("api/setup")
    assert refused.value.status == 403


def test_a_draft_is_kept_on_the_server_until_it_is_cancelled(nas: Office, desktop: Desktop) -> None:
    desktop.post("api/setup/draft", answers={"domain": "typed.example"}, step="names")
    os.kill(pid_of(nas, "job"), signal.SIGKILL)
    shown = until(lambda: Desktop(nas, "anna").get("api/setup"), 30, "the job process is back")
    assert (shown["answers"]["domain"], shown["step"], shown["finished"]) == ("typed.example", "names", False)
    assert nas.ctl("setup", "--show")["answers"]["domain"] == "typed.example"
    desktop.post("api/setup/forget")
    shown = desktop.get("api/setup")
    assert (shown["answers"]["domain"], shown["step"], shown["revision"]) == ("", "", 1)


def test_mistakes_are_told_while_one_types_and_change_nothing(nas: Office, desktop: Desktop) -> None:
    answers = {**ANSWERS, "hostname": "mail", "volume": "/volume3", "account_type": "ldap"}
    fields = desktop.post("api/setup/check", answers=answers)["fields"]
    found = {name: [one["code"] for one in remarks if one["level"] == "problem"] for name, remarks in fields.items()}
    assert found == {
        "domain": [], "hostname": ["hostname_form"], "interface": [], "volume": ["volume_gone"],
        "account_type": ["account_type_later"],
    }  # fmt: skip
    with pytest.raises(Refusal) as refused:
        desktop.post("api/setup/apply", answers=answers, revision=1)
    assert refused.value.status == 422 and set(refused.value.problem["fields"]) == {
        "hostname",
        "volume",
        "account_type",
    }
    assert desktop.get("api/setup")["job"] is None and desktop.get("api/setup")["revision"] == 1


def test_a_port_of_another_program_is_told(nas: Office, desktop: Desktop) -> None:
    nas.inside("s6-svc", "-wD", "-T", "10000", "-d", "/run/service/postfix")
    try:
        with nas.socket("nas") as other:
            other.bind(("0.0.0.0", 587))
            other.listen()
            (told,) = desktop.post("api/setup/check", answers={"interface": "eth0"})["fields"]["interface"]
            assert told["level"] == "problem" and told["values"]["port"] == 587 and told["next"]
            with pytest.raises(Refusal) as refused:
                desktop.post("api/setup/apply", answers=ANSWERS, revision=1)
            assert refused.value.problem["field"] == "interface"
    finally:
        nas.inside("s6-svc", "-wU", "-T", "20000", "-u", "/run/service/postfix")


def test_killed_between_volume_and_settings_everything_is_as_before(nas: Office, desktop: Desktop) -> None:
    job = pid_of(nas, "job")
    chosen = data(nas) / "mail-volume"
    asked = {"answers": ANSWERS, "revision": 1}
    caught(lambda: desktop.post("api/setup/apply", **asked), chosen.exists, lambda: os.kill(job, signal.SIGKILL))
    told = until(lambda: ended(desktop), 60, "settled")
    assert (told["state"], told["problem"]["code"]) == ("failed", "interrupted")
    shown = desktop.get("api/setup")
    assert not shown["finished"] and shown["revision"] == 1 and shown["answers"]["domain"] == DOMAIN
    until(lambda: not nas.late(), 60, "mail services are back")
    assert place(nas) == "/volume1" and not chosen.exists()
    assert not (nas.machine.folder / "volume2/@mailroom").exists()


def test_a_power_cut_once_the_settings_are_in_force_leaves_it_wholly_set_up(nas: Office, desktop: Desktop) -> None:
    current = data(nas) / "conf" / "current"
    before = os.readlink(current)
    revision = desktop.get("api/setup")["revision"]
    caught(
        lambda: desktop.post("api/setup/apply", answers=ANSWERS, revision=revision),
        lambda: os.readlink(current) != before,
        nas.machine.power_cut,
    )
    nas.machine.boot()
    nas.ready()
    again = Desktop(nas)
    assert ended(again)["state"] == "done" and again.get("api/setup")["finished"]
    assert place(nas) == "/volume2"
    newest = nas.ctl("settings", "history", "--limit", "1")["revisions"][0]
    assert (newest["note"], newest["who"]) == ("First set-up", "admin")
    kinds = {event["kind"] for event in nas.ctl("events", "--limit", "50")}
    assert "setup" in kinds


def test_the_test_mail_arrives_on_the_chosen_volume(nas: Office) -> None:
    anna = Desktop(nas, "anna")
    with pytest.raises(Refusal) as refused:
        anna.post("api/setup/test_mail")
    assert refused.value.problem["code"] == "inactive"
    nas.ctl("accounts", "activate", "anna", "ben", "chloe")
    id = anna.post("api/setup/test_mail")["id"]

    def told() -> Any:
        state = anna.get(f"api/setup/test_mail/{id}")
        return state if state["state"] != "waiting" else None

    found = until(told, 120, "the test mail")
    assert found["state"] == "arrived", found
    assert found["message_id"].encode() in nas.arrived("anna", "Your mail server works")
    checks = {check["check"] for check in nas.ctl("explain", nas.ctl("messages")["messages"][0]["id"])["checks"]}
    assert {"spamassassin", "clamav"} <= checks
    nas.deliver("from outside")
    assert nas.arrived("ben", "from outside")
    assert list((nas.machine.folder / "volume2/@mailroom/mail/mailboxes/ben").rglob("u.*"))
    assert not list((nas.machine.folder / "volume1/Mailroom").rglob("u.*"))


def test_the_second_admin_is_told_what_the_first_has_changed(nas: Office) -> None:
    with pytest.raises(Refusal) as refused:
        Desktop(nas, "anna").post("api/setup/apply", answers={**ANSWERS, "domain": "other.example"}, revision=1)
    assert refused.value.status == 409 and refused.value.problem["code"] == "stale"
    theirs = {change["key"]: change["theirs"] for change in refused.value.problem["changes"]}
    assert theirs["domain"] == DOMAIN


def test_once_there_is_mail_it_stays_on_its_volume(nas: Office) -> None:
    again = Desktop(nas)
    with pytest.raises(Refusal) as refused:
        applied(again, **{**ANSWERS, "volume": "/volume1"})
    assert (refused.value.problem["field"], refused.value.problem["code"]) == ("volume", "volume_has_mail")
    assert place(nas) == "/volume2"


def test_the_same_by_a_file_changes_nothing_more(nas: Office) -> None:
    nas.machine.run("sh", "-c", "cat >/root/answers.json", stdin=json.dumps({**ANSWERS, "start": "new"}))
    revision = nas.ctl("setup", "--show")["revision"]
    levels = [one["level"] for remarks in nas.ctl("setup", "/root/answers.json", "--check")["fields"].values()
              for one in remarks]  # fmt: skip
    assert "problem" not in levels
    # A name without a folder is looked for where one is.
    words = "cd /root && /usr/local/bin/mailroomctl setup answers.json --json"
    done = json.loads(nas.machine.run("sh", "-c", words).stdout)
    assert done["job"]["state"] == "done" and done["revision"] == revision
    nas.machine.run("sh", "-c", "cat >/root/answers.json", stdin=json.dumps({**ANSWERS, "hostname": "mx"}))
    refused = nas.machine.run("/usr/local/bin/mailroomctl", "setup", "/root/answers.json", check=False)
    assert refused.returncode == 1 and "mx is not a complete host name" in refused.stderr
    (told,) = Desktop(nas).post("api/setup/check", answers={"volume": "/volume1"})["fields"]["volume"]
    assert told["code"] == "volume_has_mail"


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
    states = {one["id"]: one["state"] for one in told["daemons"]}
    assert (states["postfix"], states["dovecot"]) == ("disabled", "disabled")
    assert "/volume2" in told["health"]["title"] and "--abandon-volume" in told["health"]["next"]
    assert not answers_at(nas, nas.address(2), 25) and not answers_at(nas, nas.address(2), 993)
    assert nas.machine.run("ls", "-A", "/volume2", "/volume1/Mailroom/mail/mailboxes").stdout.split() == [
        "/volume1/Mailroom/mail/mailboxes:",
        "/volume2:",
    ]
    # Settings go on working, and change nothing of it.
    nas.apply("mail_delivery.general", max_message_mb=44)
    assert not answers_at(nas, nas.address(2), 25)
    nas.machine.attach(2)
    until(lambda: place(nas) == "/volume2", 120, "the volume is found again")
    nas.ready()
    assert CONDITION not in conditions(nas) and nas.arrived("ben", "from outside")
    nas.machine.volumes = 2


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
