"""Secret settings: sealed as they come in, told to nobody, and part of every story that a setting has (row RL03)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pretend import ANNA, BEN, fake, open_again

from mailroom.core import sealed, secrets
from mailroom.core import settings as declared
from mailroom.core.problems import Invalid, Problem, Stale
from mailroom.daemons import configuration
from mailroom.daemons.shape import Facts
from mailroom.flows import setting_history, setting_start
from mailroom.flows.setting import Settings
from mailroom.flows.setting_difference import file_differences
from mailroom.store import pieces

PAGE = "mail_delivery.delivery"
NAME = f"{PAGE}.password"
FIRST, SECOND = "Open, Sesame 1", "Open, Sesame 2"
RELAY = {"enabled": True, "server": "relay.example", "authentication": True, "account": "anna"}


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def relay(settings: Settings) -> Settings:
    """Revision 2: a relay with a password."""
    settings.apply(1, {PAGE: {**RELAY, "password": FIRST}}, ANNA)
    return settings


def stored(settings: Settings) -> str:
    return str(settings.values()[PAGE]["password"])


def test_it_is_sealed_at_rest_and_can_be_read_by_who_needs_it(relay: Settings) -> None:
    assert sealed.plain(stored(relay), NAME) == FIRST
    rows = relay.store.database.execute_sql("SELECT settings, changes FROM revisions").fetchall()
    held = json.dumps([pieces.unpacked(content) for row in rows for content in row])
    assert FIRST not in held and "sealed:1:" in held
    with pytest.raises(Problem):
        sealed.plain(stored(relay), f"{PAGE}.account")


def test_nothing_that_is_told_holds_it(relay: Settings) -> None:
    told: list[Any] = [
        setting_history.preview(relay, {PAGE: {"password": SECOND}}),
        relay.apply(2, {PAGE: {"password": SECOND}}, BEN),
        setting_history.read(relay, PAGE),
        setting_history.history(relay, None, 0, 50),
        setting_history.compare(relay, 1, 3),
        setting_history.put_back(relay, 3, 2, PAGE, BEN),
        relay.events.newest(100),
    ]
    with pytest.raises(Stale) as stale:
        relay.apply(2, {PAGE: {"password": "Open, Sesame 3"}}, ANNA)
    told.append(stale.value.as_dict())
    with pytest.raises(Invalid) as refused:
        relay.apply(4, {PAGE: {"password": "Open, Sesame\n4"}}, ANNA)
    told.append(refused.value.as_dict())
    text = json.dumps(told)
    assert "Sesame" not in text and sealed.PREFIX not in text
    assert setting_history.read(relay, PAGE)["values"]["password"] == {"set": True}
    assert setting_history.read(relay, PAGE)["defaults"]["password"] == {"set": False}


def test_a_difference_says_that_it_is_another_one(relay: Settings) -> None:
    changed = relay.apply(2, {PAGE: {"password": SECOND}}, ANNA)["changed"]
    assert [(one["old"], one["new"]) for one in changed] == [({"set": True}, {"set": True, "another": True})]
    gone = relay.apply(3, {PAGE: {"authentication": False, "password": ""}}, ANNA)["changed"]
    assert ({"set": True}, {"set": False}) in [(one["old"], one["new"]) for one in gone]


def test_what_was_told_may_be_sent_back_and_changes_nothing(relay: Settings) -> None:
    done = relay.apply(2, {PAGE: setting_history.read(relay, PAGE)["values"]}, ANNA)
    assert done["changed"] == [] and sealed.plain(stored(relay), NAME) == FIRST


def test_it_stays_when_another_setting_changes(relay: Settings) -> None:
    before = stored(relay)
    relay.apply(2, {PAGE: {"mta_sts": True}}, ANNA)
    assert stored(relay) == before


def test_it_is_put_back_with_its_revision(relay: Settings) -> None:
    relay.apply(2, {PAGE: {"password": SECOND}}, ANNA)
    setting_history.put_back(relay, 3, 2, None, ANNA)
    assert sealed.plain(stored(relay), NAME) == FIRST


def test_sealed_text_from_outside_is_a_password_like_any_other(relay: Settings) -> None:
    """Nobody can hand in what was sealed elsewhere and have it opened here."""
    copied = str(stored(relay))
    relay.apply(2, json.loads(json.dumps({PAGE: {"password": copied}})), ANNA)
    assert sealed.plain(stored(relay), NAME) == copied


@pytest.mark.parametrize("value", [{"set": "yes"}, {"set": True, "more": 1}, 7, None, ["x"], " x", "x ", "\x00"])
def test_what_is_no_secret_is_refused_by_name(relay: Settings, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        relay.apply(2, {PAGE: {"password": value}}, ANNA)
    assert list(refused.value.more["fields"]) == ["password"]


def test_the_account_needs_its_password(settings: Settings) -> None:
    with pytest.raises(Invalid) as refused:
        settings.apply(1, {PAGE: RELAY}, ANNA)
    assert refused.value.field == "password"


def test_daemons_files_hold_it_sealed_and_a_difference_of_files_not_at_all(relay: Settings) -> None:
    before = configuration.render(Facts(declared.defaults()))
    after = configuration.render(Facts(relay.values()))
    text = json.dumps(after)
    assert stored(relay) in text and "Sesame" not in text
    shown = json.dumps(file_differences(before, after))
    assert "relay.example" in shown and sealed.PREFIX not in shown and sealed.SHOWN_IN_FILES in shown


def test_after_a_power_cut_and_a_restart_it_is_the_same(relay: Settings, tmp_path: Path) -> None:
    again = open_again(tmp_path)
    setting_start.start(again, tmp_path / "setup.json")
    assert sealed.plain(stored(again), NAME) == FIRST
    assert fake(again).current() is not None
    again.store.database.close()
