"""The first set-up of a server that was installed without answers, on a real machine (rows SW01-SW08, SW12).

The tests follow each other: from the empty server to one that is set up.
"""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
from setup_nas import ANSWERS, applied, caught, data, ended, place

from desktop import Desktop, Refusal
from office import DOMAIN, Office, until
from processes import pid_of


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
