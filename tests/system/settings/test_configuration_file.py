"""The whole configuration as one file: exported, looked at, imported, undone; whatever is wrong changes nothing."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from changing import changed, newest_revision
from desktop import RELAY, Desktop, Refusal
from mailroom.core.configuration_file import Document, written
from office import DOMAIN, Office
from relay_server import PASSWORD
from relayed import demanding, lets_in

GENERAL, LISTS, DELIVERY, DISCLAIMER = (
    "mail_delivery.general", "mail_delivery.lists", "mail_delivery.delivery", "mail_delivery.disclaimer",
)  # fmt: skip
PASSPHRASE = "four words without relation"
RULE = {
    "id": "c0ffee",
    "name": "Spam",
    "enabled": True,
    "type": "sender",
    "criteria": "*@spam.example",
    "action": "reject",
}
SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def exported(desktop: Desktop, passphrase: str = "") -> str:
    """The file as a browser gets it."""
    address = f"{desktop.nas.web}{RELAY}/api/settings/export"
    headers = {"Cookie": desktop.cookie, "X-SYNO-TOKEN": desktop.token, "Content-Type": "application/json"}
    password = desktop.nas.passwords["admin"] if passphrase else ""
    body = json.dumps({"passphrase": passphrase, "password": password}).encode()
    with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=60) as answer:
        assert "attachment; filename=" in answer.headers["Content-Disposition"]
        return str(answer.read().decode())


def look(desktop: Desktop, text: str, **more: Any) -> Any:
    return desktop.post("api/settings/import-preview", content=text, **more)


def take(desktop: Desktop, text: str, base: int, **more: Any) -> Any:
    return desktop.post("api/settings/import", content=text, revision=base, **more)


def forged(text: str, change: Any) -> str:
    """The file after a change by somebody who knows how the checksum is made."""
    facts = json.loads(text)
    change(facts["settings"])
    return written(Document.model_validate({**facts, "checksum": ""}))


def accepts(server: Office, sender: str) -> bool:
    with server.smtp() as client:
        client.ehlo()
        client.mail(sender)
        return client.rcpt(f"ben@{DOMAIN}")[0] == 250


def test_exported_changed_looked_at_imported_and_undone(server: Office, desktop: Desktop, undone: int) -> None:
    with changed(server, LISTS, blacklist=[RULE]):
        text = exported(desktop)
        assert not accepts(server, "offers@spam.example")
    assert accepts(server, "offers@spam.example")
    server.apply(GENERAL, max_hops=44)
    base = newest_revision(server)
    shown = look(desktop, text)
    assert {one["key"]: one["new"] for one in shown["settings"]} == {"max_hops": 50, "blacklist": None}
    (item,) = next(one["items"] for one in shown["settings"] if one["key"] == "blacklist")
    assert item["old"] is None and item["new"] == RULE
    assert any(one["path"].startswith("postfix/") for one in shown["files"]) and newest_revision(server) == base
    assert shown["file"]["server"] == shown["here"]["server"] and shown["file"]["secrets"] == "omitted"
    done = take(desktop, text, shown["revision"])
    assert done["revision"] == base + 1 and not accepts(server, "offers@spam.example")
    newest = desktop.get("api/settings/history?limit=1")["revisions"][0]
    assert newest["who"] == "admin" and newest["note"].startswith("Import of the configuration of ")
    assert look(desktop, text)["settings"] == []
    desktop.post("api/settings/put-back", revision=done["revision"], to=base)
    assert accepts(server, "offers@spam.example")
    events = [one["text"] for one in server.ctl("events")]
    assert "The configuration was exported." in events and any(text.startswith("Applied: ") for text in events)


def test_secrets_travel_under_the_passphrase_alone(
    server: Office, desktop: Desktop, undone: int, tmp_path: Path
) -> None:
    with demanding(server, tmp_path) as (relay, wanted):
        server.apply(DELIVERY, **wanted)
        assert PASSWORD not in exported(desktop)
        text = exported(desktop, PASSPHRASE)
        assert PASSWORD not in text and '"secrets": "sealed"' in text
        server.apply(DELIVERY, password="another")
        assert not lets_in(server, relay)
        with pytest.raises(Refusal) as refused:
            look(desktop, text, passphrase="another passphrase")
        assert (refused.value.status, refused.value.problem["field"]) == (422, "passphrase")
        assert look(desktop, text)["settings"] == [], "without the passphrase it stays as it is"
        shown = look(desktop, text, passphrase=PASSPHRASE)
        assert [(one["key"], one["new"]) for one in shown["settings"]] == [("password", {"set": True, "another": True})]
        assert PASSWORD not in json.dumps(shown)
        take(desktop, text, shown["revision"], passphrase=PASSPHRASE)
        assert lets_in(server, relay)


def test_what_is_about_the_machine_stays_unless_it_is_ticked(server: Office, desktop: Desktop, undone: int) -> None:
    def elsewhere(settings: Any) -> None:
        settings[GENERAL]["hostname"] = "mail.elsewhere.example"

    text = forged(exported(desktop), elsewhere)
    shown = look(desktop, text)
    (told,) = shown["machine"]
    assert (told["key"], told["new"], told["taken"]) == ("hostname", "mail.elsewhere.example", False)
    assert shown["settings"] == []
    chosen = [f"{GENERAL}.hostname"]
    assert [one["key"] for one in look(desktop, text, machine=chosen)["settings"]] == ["hostname"]
    take(desktop, text, shown["revision"], machine=chosen)
    with server.smtp() as client:
        assert b"mail.elsewhere.example" in client.ehlo()[1]


def test_of_two_at_once_one_wins_and_the_other_is_told(server: Office, desktop: Desktop, undone: int) -> None:
    texts = [
        forged(exported(desktop), lambda settings, hops=hops: settings[GENERAL].update(max_hops=hops))
        for hops in (21, 22)
    ]
    answers: list[Any] = []

    def importing(name: str, text: str) -> None:
        try:
            answers.append(take(Desktop(server, name), text, undone)["revision"])
        except Refusal as refused:
            answers.append(refused.problem)

    threads = [threading.Thread(target=importing, args=pair) for pair in zip(("admin", "anna"), texts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (stale,) = [one for one in answers if isinstance(one, dict)]
    assert stale["code"] == "stale" and [one["key"] for one in stale["changes"]] == ["max_hops"]
    assert newest_revision(server) == undone + 1


def test_the_shell_does_the_same(server: Office, undone: int) -> None:
    with changed(server, GENERAL, max_hops=43):
        server.machine.run("/usr/local/bin/mailroomctl", "settings", "export", "/tmp/configuration.json")
    assert server.machine.run("stat", "-c", "%a", "/tmp/configuration.json").stdout.strip() == "600"
    shown = server.ctl("settings", "import", "/tmp/configuration.json", "--preview")
    assert [(one["key"], one["old"], one["new"]) for one in shown["settings"]] == [("max_hops", 50, 43)]
    done = server.ctl("settings", "import", "/tmp/configuration.json")
    assert [one["key"] for one in done["changed"]] == ["max_hops"]
    server.machine.run("sh", "-c", "echo '{' >/tmp/configuration.json")
    refused = server.ctl("settings", "import", "/tmp/configuration.json", check=False)
    assert refused["error"]["line"] == 2 and refused["error"]["field"] == "file"
    server.machine.run("rm", "/tmp/configuration.json")


def setting(page: str, key: str, value: Any) -> Any:
    return lambda settings: settings[page].update({key: value})


HOSTILE = {
    "an unknown page": (lambda settings: settings.update({"no.page": {}}), "no.page"),
    "a page that is none": (lambda settings: settings.update({"../../etc/passwd": {"a": 1}}), "../../etc/passwd"),
    "a wrong type": (setting(GENERAL, "max_hops", "many"), "max_hops"),
    "yes for a number": (setting(GENERAL, "max_hops", True), "max_hops"),
    "beyond its limit": (setting(GENERAL, "max_hops", 10**9), "max_hops"),
    "a line of Postfix's own": (setting(GENERAL, "banner", "x\nmynetworks = 0.0.0.0/0"), "banner"),
    "an expansion": (setting(GENERAL, "banner", "$mail_version"), "banner"),
    "an object for a list": (setting(LISTS, "blacklist", {"put": []}), "blacklist"),
    "two items with one id": (setting(LISTS, "blacklist", [RULE, {**RULE, "name": "b"}]), f"blacklist/{RULE['id']}"),
    "an item of the wrong form": (
        setting(LISTS, "blacklist", [{**RULE, "criteria": "*@*"}]), f"blacklist/{RULE['id']}/criteria",
    ),
    "a field that no item has": (setting(LISTS, "blacklist", [{**RULE, "x": 1}]), f"blacklist/{RULE['id']}/x"),
    "more items than there may be": (
        setting(LISTS, "blacklist", [{**RULE, "id": f"{turn:x}"} for turn in range(10_001)]), "blacklist",
    ),
    "a secret in clear text": (setting(DELIVERY, "password", "geheim"), "password"),
    "a secret that was sealed elsewhere": (setting(DELIVERY, "password", "sealed:1:AAAA"), "password"),
    "an alias of nobody": (
        setting("mail_delivery.alias", "aliases", [{"id": "a", "name": "info", "members": ["user:nobody-here"]}]),
        "aliases/a/members",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "field"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_at_its_field_and_changes_nothing(
    server: Office, desktop: Desktop, change: Any, field: str
) -> None:
    base, text = newest_revision(server), exported(desktop)
    for act in (lambda told: look(desktop, told), lambda told: take(desktop, told, base)):
        with pytest.raises(Refusal) as refused:
            act(forged(text, change))
        assert refused.value.status == 422 and refused.value.problem["field"] == field
        assert "." in field or refused.value.problem["line"] > 1
    assert newest_revision(server) == base and exported_settings(desktop) == json.loads(text)["settings"]


def exported_settings(desktop: Desktop) -> Any:
    return json.loads(exported(desktop))["settings"]


NO_FILE = {
    "nothing": "",
    "a zip archive": "PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "YAML with anchors": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "HTML": "<html><script>alert(1)</script></html>",
    "an array": "[]",
    "another format": '{"format": "exchange"}',
    "a newer version": '{"format": "mailroom-configuration", "version": 2}',
    "very deep": "[" * 150_000,
    "very many objects": "{}," * 250_000,
    "one key twice": '{"format": "a", "format": "a"}',
    "a number without end": '{"format": 1e999}',
    "an endless number": f'{{"format": {"9" * 5_000}}}',
    "half a character": '{"format": "\ud800"}',
}


@pytest.mark.parametrize("text", NO_FILE.values(), ids=NO_FILE)
def test_what_is_no_such_file_is_refused(server: Office, desktop: Desktop, text: str) -> None:
    base = newest_revision(server)
    with pytest.raises(Refusal) as refused:
        look(desktop, text)
    assert refused.value.status == 422 and refused.value.problem["field"] and refused.value.problem["message"]
    assert newest_revision(server) == base


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off_or_changed_is_refused(server: Office, desktop: Desktop, part: float) -> None:
    text = exported(desktop)
    with pytest.raises(Refusal) as refused:
        look(desktop, text[: int(len(text) * part)])
    assert refused.value.status == 422 and refused.value.problem["line"] > 1
    with pytest.raises(Refusal) as refused:
        look(desktop, text.replace('"max_hops": 50', '"max_hops": 51'))
    assert refused.value.problem["field"] == "checksum"


def test_a_huge_file_is_not_even_read(server: Office, desktop: Desktop) -> None:
    with pytest.raises(Refusal) as refused:
        look(desktop, "x" * (9 * 1024 * 1024))
    assert refused.value.status == 422
    # The connection may end before all of it has been sent.
    with pytest.raises((Refusal, urllib.error.URLError)) as ended:
        look(desktop, "x" * (17 * 1024 * 1024))
    assert not isinstance(ended.value, Refusal) or ended.value.status == 413
    assert desktop.get("api/settings")["revision"] == newest_revision(server), "the server answers as before"


def test_script_in_texts_becomes_harmless(server: Office, desktop: Desktop, undone: int) -> None:
    item = {"id": "d1", "name": "Legal", "html": f"<b>Confidential</b>{SCRIPT}"}
    text = forged(exported(desktop), setting(DISCLAIMER, "disclaimers", [item]))
    take(desktop, text, undone)
    html = desktop.get(f"api/settings/{DISCLAIMER}")["values"]["disclaimers"][0]["html"]
    assert "Confidential" in html and "script" not in html and "onerror" not in html


def test_another_version_is_told_and_takes_defaults(server: Office, desktop: Desktop, undone: int) -> None:
    facts = json.loads(exported(desktop))
    facts["made_by"], facts["checksum"] = "0.0.1-0001", ""
    facts["settings"]["gone.page"] = {"colour": "blue"}
    del facts["settings"][GENERAL]["max_hops"]
    server.apply(GENERAL, max_hops=41)
    shown = look(desktop, written(Document.model_validate(facts)))
    assert {one["field"] for one in shown["told"]} == {"gone.page", f"{GENERAL}.max_hops"}
    assert [(one["key"], one["old"], one["new"]) for one in shown["settings"]] == [("max_hops", 41, 50)]
