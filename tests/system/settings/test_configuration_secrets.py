"""Secrets in the items of a list travel in the configuration's file: sealed, by the passphrase alone, for real mail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_configuration_file import DELIVERY, PASSPHRASE, exported, forged, look, take

from changing import newest_revision
from desktop import Desktop, Refusal
from office import DOMAIN, Office
from relay_server import PASSWORD, RelayServer
from relayed import demanding, lets_in

KEY = "sender_relays"
SECOND = "a password of the second"


@pytest.fixture
def relay(server: Office, undone: int, tmp_path: Path) -> Iterator[RelayServer]:
    """A relay for the mail of our domain, which it takes for its password, and another one for another domain."""
    with demanding(server, tmp_path) as (made, wanted):
        one = {name: wanted[name] for name in ("server", "port", "account", "password")}
        relays = [
            {"domain": DOMAIN, "tls": "starttls", "verify": False, **one},
            {"domain": "second.example", "server": "smtp.second.example", "account": "ben", "password": SECOND},
        ]
        server.apply(DELIVERY, sender_relays=relays)
        yield made


def test_secrets_leave_only_in_person(server: Office, desktop: Desktop) -> None:
    """The host is asked for the password again, and a token may not at all (decision 0024)."""
    for password in ("", "wrong", server.passwords["ben"]):
        with pytest.raises(Refusal) as refused:
            desktop.post("api/settings/export", passphrase=PASSPHRASE, password=password)
        assert (refused.value.status, list(refused.value.problem["fields"])) == (422, ["password"])
    assert "sealed" in exported(desktop, PASSPHRASE)
    made = server.ctl("tokens", "create", "backup", "--scope", "settings:change", "--for", "admin")
    known = {"Cookie": None, "X-SYNO-TOKEN": None, "Authorization": f"Bearer {made['token']}"}
    body = {"passphrase": PASSPHRASE, "password": server.passwords["admin"]}
    with pytest.raises(Refusal) as refused:
        desktop.ask("POST", "api/settings/export", body, known)
    assert (refused.value.status, refused.value.problem["code"]) == (403, "scope")
    assert desktop.ask("POST", "api/settings/export", {}, known)["secrets"] == "omitted"
    server.ctl("tokens", "revoke", made["id"])


def relays(desktop: Desktop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desktop.get(f"api/settings/{DELIVERY}")["values"][KEY]
    return found


def edit(server: Office, **how: Any) -> None:
    server.ctl("settings", "set", f"{DELIVERY}.{KEY}={json.dumps(how)}")


def test_each_items_password_comes_back_with_the_passphrase(
    server: Office, desktop: Desktop, relay: RelayServer
) -> None:
    assert lets_in(server, relay)
    before, text = relays(desktop), exported(desktop, PASSPHRASE)
    assert PASSWORD not in text and SECOND not in text and "sealed:1:" not in text
    assert PASSWORD not in exported(desktop) and SECOND not in exported(desktop)
    edit(server, put=[{**before[0], "password": "another"}], drop=[before[1]["id"]])
    assert not lets_in(server, relay)
    shown = look(desktop, text, passphrase=PASSPHRASE)
    assert PASSWORD not in json.dumps(shown) and SECOND not in json.dumps(shown)
    (change,) = shown["settings"]
    told = {one["new"]["domain"]: one["new"]["password"] for one in change["items"]}
    assert told == {DOMAIN: {"set": True, "another": True}, "second.example": {"set": True}}
    take(desktop, text, shown["revision"], passphrase=PASSPHRASE)
    assert relays(desktop) == before and lets_in(server, relay)
    # They are sealed anew, and whether they are the same is not told.
    assert [one["key"] for one in look(desktop, text, passphrase=PASSPHRASE)["settings"]] == [KEY]


def test_a_wrong_passphrase_changes_nothing_and_says_so(server: Office, desktop: Desktop, relay: RelayServer) -> None:
    text, before = exported(desktop, PASSPHRASE), relays(desktop)
    edit(server, drop=[before[1]["id"]])
    base = newest_revision(server)
    moved = forged(text, lambda settings: settings[DELIVERY][KEY][0].update(server="smtp.thief.example"))
    for content, passphrase in ((text, "four words with relation"), (moved, PASSPHRASE)):
        for act in (look, lambda *asked, **more: take(*asked, base, **more)):
            with pytest.raises(Refusal) as refused:
                act(desktop, content, passphrase=passphrase)
            problem = refused.value.problem
            assert (refused.value.status, problem["field"]) == (422, "passphrase")
            assert "does not open the file" in problem["message"] and "passphrase" in problem["next"]
    assert newest_revision(server) == base and relays(desktop) == before[:1] and lets_in(server, relay)


def test_without_the_passphrase_those_of_this_server_stay_and_none_is_made_up(
    server: Office, desktop: Desktop, relay: RelayServer
) -> None:
    texts, before = (exported(desktop, PASSPHRASE), exported(desktop)), relays(desktop)
    edit(server, put=[{**before[0], "domain": "third.example"}])
    for text in texts:
        shown = look(desktop, text)
        assert [one["key"] for one in shown["settings"]] == [KEY]
        assert any(one["field"] == f"{DELIVERY}.{KEY}/{before[0]['id']}/password" for one in shown["told"])
    take(desktop, texts[0], newest_revision(server))
    assert relays(desktop) == before and lets_in(server, relay)
    # Nor is the one of this server sent to the server of a file.
    for text in texts:
        moved = forged(text, lambda settings: settings[DELIVERY][KEY][0].update(server="198.51.100.66"))
        shown = look(desktop, moved)
        assert shown["settings"] == [] and any("needs a secret" in one["text"] for one in shown["told"])
        take(desktop, moved, newest_revision(server))
    assert relays(desktop) == before and lets_in(server, relay)
    edit(server, drop=[one["id"] for one in before])
    for text in texts:
        shown = look(desktop, text)
        assert shown["settings"] == [], "a relay without its password would be none"
        assert any("needs a secret that the file does not have" in one["text"] for one in shown["told"])


def test_a_secret_in_clear_text_or_of_another_item_is_refused_at_its_line(
    server: Office, desktop: Desktop, relay: RelayServer
) -> None:
    text, base = exported(desktop, PASSPHRASE), newest_revision(server)
    for value in ("geheim", "sealed:1:AAAA", {"sealed": 1}, {"set": "yes"}, 7):
        changed = forged(
            exported(desktop), lambda settings, value=value: settings[DELIVERY][KEY][0].update(password=value)
        )
        with pytest.raises(Refusal) as refused:
            take(desktop, changed, base)
        problem = refused.value.problem
        assert refused.value.status == 422 and problem["field"].startswith(KEY) and problem["line"] > 1
    assert newest_revision(server) == base and look(desktop, text, passphrase=PASSPHRASE)["settings"] == []
