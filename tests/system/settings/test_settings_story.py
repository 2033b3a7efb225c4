"""A setting from the declaration to the daemon, end to end (rows PR01, DL05 to DL07): previewed, applied, refused, put back."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from desktop import Desktop, Refusal
from office import Office

GENERAL, PROTOCOL = "mail_delivery.general", "service.protocol"
CONF = "/var/packages/Mailroom/var/data/conf/current"


def in_force(server: Office, parameter: str) -> str:
    """A parameter as Postfix itself reads it."""
    text = server.machine.run("cat", f"{CONF}/postfix/main.cf").stdout
    return next(line.partition("=")[2].strip() for line in text.splitlines() if line.startswith(f"{parameter} ="))


def revision(server: Office) -> int:
    return int(server.ctl("settings", "history", "--limit", "1")["revisions"][0]["revision"])


@pytest.fixture
def desktop(server: Office) -> Desktop:
    return Desktop(server)


def test_the_form_knows_everything_of_a_setting(desktop: Desktop) -> None:
    page = desktop.get(f"api/settings/{GENERAL}")
    field = page["schema"]["properties"]["max_message_mb"]
    assert field["title"] == "Maximum size per email" and field["minimum"] == 1 and field["default"] == 30
    assert field["x-ui"]["rows"] == "DL07" and field["x-ui"]["parameter"] == "message_size_limit" and field["x-ui"]["help"]
    document = desktop.get("api/openapi.json")
    assert document["openapi"].startswith("3.") and any("settings" in path for path in document["paths"])


def test_preview_apply_history_compare_and_put_back(server: Office, desktop: Desktop) -> None:
    base = desktop.get(f"api/settings/{GENERAL}")["revision"]
    change = {"revision": base, "page": GENERAL, "changes": {"max_message_mb": 44}}
    shown = desktop.post("api/settings/preview", **change)
    assert [(one["key"], one["old"], one["new"]) for one in shown["settings"]] == [("max_message_mb", 30, 44)]
    assert any(f"+message_size_limit = {44 * 1024 * 1024}" in one["diff"] for one in shown["files"])
    assert revision(server) == base and in_force(server, "message_size_limit") == str(30 * 1024 * 1024)
    done = desktop.post("api/settings/apply", **change, note="for the architects")
    assert "postfix" in done["reloaded"] and in_force(server, "message_size_limit") == str(44 * 1024 * 1024)
    newest = desktop.get(f"api/settings/history?page={GENERAL}&limit=1")["revisions"][0]
    assert (newest["who"], newest["note"], newest["revision"]) == ("admin", "for the architects", done["revision"])
    compared = desktop.get(f"api/settings/compare?from={base}&to={done['revision']}")
    assert compared["settings"] == shown["settings"] and compared["files"] == shown["files"]
    back = server.ctl("settings", "put-back", str(base))
    assert [one["key"] for one in back["changed"]] == ["max_message_mb"]
    assert in_force(server, "message_size_limit") == str(30 * 1024 * 1024)


def test_a_stale_writer_is_told_what_the_other_changed(server: Office, desktop: Desktop) -> None:
    base = desktop.get(f"api/settings/{GENERAL}")["revision"]
    server.apply(GENERAL, max_hops=40)
    with pytest.raises(Refusal) as refused:
        desktop.post("api/settings/apply", revision=base, page=GENERAL, changes={"max_hops": 60, "max_recipients": 500})
    assert refused.value.status == 409 and refused.value.problem["code"] == "stale"
    (told,) = refused.value.problem["changes"]
    assert (told["key"], told["theirs"], told["yours"]) == ("max_hops", 40, 60)
    assert in_force(server, "hopcount_limit") == "40" and in_force(server, "smtpd_recipient_limit") == "1000"
    server.apply(GENERAL, max_hops=50)


def test_of_two_admins_at_once_one_wins_and_the_other_is_told(server: Office) -> None:
    desktops = [Desktop(server), Desktop(server, "anna")]
    base = revision(server)
    answers: list[Any] = []

    def apply(desktop: Desktop, hops: int) -> None:
        try:
            answers.append(desktop.post("api/settings/apply", revision=base, page=GENERAL, changes={"max_hops": hops}))
        except Refusal as refused:
            answers.append(refused.problem["code"])

    threads = [threading.Thread(target=apply, args=(desktop, 60 + place)) for place, desktop in enumerate(desktops)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("stale") == 1 and revision(server) == base + 1
    server.apply(GENERAL, max_hops=50)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"max_message_mb": 0}, "max_message_mb"),
        ({"max_message_mb": "much"}, "max_message_mb"),
        ({"domain": "no domain"}, "domain"),
        ({"lan_networks": ["0.0.0.0/0"]}, "lan_networks"),
        ({"banner": "$mail_version"}, "banner"),
        ({"no_such_setting": 1}, "no_such_setting"),
    ],
)
def test_a_refused_value_names_its_field_and_changes_nothing(
    server: Office, desktop: Desktop, changes: dict[str, Any], field: str
) -> None:
    base = revision(server)
    with pytest.raises(Refusal) as refused:
        desktop.post("api/settings/apply", revision=base, page=GENERAL, changes=changes)
    assert refused.value.status == 422 and list(refused.value.problem["fields"]) == [field]
    assert revision(server) == base


def test_mailroomctl_shows_and_changes_the_same(server: Office) -> None:
    done = server.machine.run("/usr/local/bin/mailroomctl", "settings", "set", f"{GENERAL}.max_hops=45")
    assert "Max message hops" in done.stdout and in_force(server, "hopcount_limit") == "45"
    assert json.loads(json.dumps(server.ctl("settings", "get", f"{GENERAL}.max_hops"))) == 45
    server.apply(GENERAL, max_hops=50)
