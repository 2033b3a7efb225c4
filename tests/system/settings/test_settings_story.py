"""A setting from the declaration to the daemon, end to end: previewed, applied, refused, put back, and by whom.

Rows PR01, DL01, DL05, DL07, DL10; AC11 for who may.
"""

from __future__ import annotations

import http.client
import threading
from typing import Any

import pytest

from changing import newest_revision
from desktop import RELAY, Desktop, Refusal
from office import Office

GENERAL, PROTOCOL = "mail_delivery.general", "service.protocol"
CONF = "/var/packages/Mailroom/var/data/conf/current"


def in_force(server: Office, parameter: str) -> str:
    """A parameter as Postfix itself reads it."""
    text = server.machine.run("cat", f"{CONF}/postfix/main.cf").stdout
    return next(line.partition("=")[2].strip() for line in text.splitlines() if line.startswith(f"{parameter} ="))


def test_the_form_knows_everything_of_a_setting(desktop: Desktop) -> None:
    page = desktop.get(f"api/settings/{GENERAL}")
    field = page["schema"]["properties"]["max_message_mb"]
    assert field["title"] == "Maximum size per email" and field["minimum"] == 1 and field["default"] == 30
    assert (
        field["x-ui"]["rows"] == "DL07" and field["x-ui"]["parameter"] == "message_size_limit" and field["x-ui"]["help"]
    )
    document = desktop.get("api/openapi.json")
    assert document["openapi"].startswith("3.") and any("settings" in path for path in document["paths"])


def test_preview_apply_history_compare_and_put_back(server: Office, desktop: Desktop) -> None:
    base = desktop.get(f"api/settings/{GENERAL}")["revision"]
    change = {"revision": base, "page": GENERAL, "changes": {"max_message_mb": 44}}
    shown = desktop.post("api/settings/preview", **change)
    assert [(one["key"], one["old"], one["new"]) for one in shown["settings"]] == [("max_message_mb", 30, 44)]
    assert any(f"+message_size_limit = {44 * 1024 * 1024}" in one["diff"] for one in shown["files"])
    assert newest_revision(server) == base and in_force(server, "message_size_limit") == str(30 * 1024 * 1024)
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
    server.apply(GENERAL, max_recipients=400)
    with pytest.raises(Refusal) as refused:
        desktop.post("api/settings/apply", revision=base, page=GENERAL, changes={"max_recipients": 600, "max_hops": 60})
    assert refused.value.status == 409 and refused.value.problem["code"] == "stale"
    (told,) = refused.value.problem["changes"]
    assert (told["key"], told["theirs"], told["yours"], told["who"]) == ("max_recipients", 400, 600, "root")
    assert in_force(server, "smtpd_recipient_limit") == "400"
    assert desktop.get(f"api/settings/{GENERAL}")["values"]["max_hops"] == 50
    server.apply(GENERAL, max_recipients=1000)


def test_of_two_admins_at_once_one_wins_and_the_other_is_told(server: Office) -> None:
    desktops = [Desktop(server), Desktop(server, "anna")]
    base = newest_revision(server)
    answers: list[Any] = []

    def apply(desktop: Desktop, most: int) -> None:
        change = {"revision": base, "page": GENERAL, "changes": {"max_recipients": most}}
        try:
            desktop.post("api/settings/apply", **change)
            answers.append(most)
        except Refusal as refused:
            answers.append(refused.problem["code"])

    threads = [threading.Thread(target=apply, args=(desktop, 600 + place)) for place, desktop in enumerate(desktops)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("stale") == 1 and newest_revision(server) == base + 1
    (winner,) = [answer for answer in answers if answer != "stale"]
    assert in_force(server, "smtpd_recipient_limit") == str(winner)
    server.apply(GENERAL, max_recipients=1000)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"max_message_mb": 0}, "max_message_mb"),
        ({"max_message_mb": "much"}, "max_message_mb"),
        ({"domain": "no domain"}, "domain"),
        ({"lan_networks": ["0.0.0.0/0"]}, "lan_networks"),
        ({"banner": "$mail_version"}, "banner"),
        ({"no_such_setting": 1}, "no_such_setting"),
        ({"max_recipients": True}, "max_recipients"),
    ],
)
def test_a_refused_value_names_its_field_and_changes_nothing(
    server: Office, desktop: Desktop, changes: dict[str, Any], field: str
) -> None:
    base = newest_revision(server)
    with pytest.raises(Refusal) as refused:
        desktop.post("api/settings/apply", revision=base, page=GENERAL, changes=changes)
    assert refused.value.status == 422 and list(refused.value.problem["fields"]) == [field]
    assert newest_revision(server) == base


def test_mailroomctl_shows_and_changes_the_same(server: Office, desktop: Desktop) -> None:
    done = server.machine.run("/usr/local/bin/mailroomctl", "settings", "set", f"{GENERAL}.max_recipients=450")
    assert "Max recipients per message" in done.stdout and "1000 -> 450" in done.stdout
    assert in_force(server, "smtpd_recipient_limit") == "450"
    assert server.ctl("settings", "get", f"{GENERAL}.max_recipients") == 450
    assert desktop.get(f"api/settings/{GENERAL}")["values"]["max_recipients"] == 450
    server.apply(GENERAL, max_recipients=1000)


def test_only_administrators_and_only_the_page_itself_change_settings(server: Office, desktop: Desktop) -> None:
    """Through the real relay: a name in a header means nothing, nor does a cookie that another site has had sent."""
    base = newest_revision(server)
    change = {"revision": base, "page": GENERAL, "changes": {"max_recipients": 700}}

    def status(asking: Desktop, path: str = "api/settings/apply", **headers: str | None) -> int:
        with pytest.raises(Refusal) as refused:
            asking.ask("POST", path, change, {name.replace("_", "-"): value for name, value in headers.items()})
        return refused.value.status

    token = f"api/settings/apply?SynoToken={desktop.token}"
    assert status(Desktop(server, "ben")) == 403
    assert status(Desktop(server, "ben"), X_Mailroom_User="anna") == 403
    assert status(desktop, Cookie=None, X_Mailroom_User="anna", X_Mailroom_Address="127.0.0.1") == 401
    assert status(desktop, X_SYNO_TOKEN=None) == 401
    assert status(desktop, X_SYNO_TOKEN="guessed") == 401
    assert status(desktop, token, X_SYNO_TOKEN=None) == 403
    assert status(desktop, Sec_Fetch_Site="cross-site", Origin="http://evil.example") == 403
    assert status(desktop, Content_Type="text/plain") == 415
    assert Desktop(server, "ben").ask("GET", "api/session", None, {"X-Mailroom-User": "anna"})["user"] == "ben"
    assert newest_revision(server) == base


def test_a_session_belongs_to_one_address(server: Office, desktop: Desktop) -> None:
    """A cookie and token that somebody else has got hold of open nothing for him."""
    path = f"{RELAY}/api/settings"

    def asked(source: str) -> int:
        link = http.client.HTTPConnection("nas")
        link.sock = server.connect(5000, source=source)
        link.request("GET", path, headers={"Cookie": desktop.cookie, "X-SYNO-TOKEN": desktop.token})
        answer = link.getresponse()
        link.close()
        return answer.status

    assert asked(server.address(8)) == 200
    assert asked(server.address(9)) == 401
