"""The settings story with a faked configuration: each way it can fail leaves everything as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pretend import ANNA, BEN, GENERAL, PowerCut, fake, hops, in_force, open_again

from mailroom.core.problems import ApplyFailed, Invalid, Stale
from mailroom.core.settings import clean, defaults, earlier
from mailroom.flows import setting_history, setting_start
from mailroom.flows.setting import Settings, complete
from mailroom.store.settings import APPLYING


def test_apply_renders_reloads_only_what_changed_and_tells(settings: Settings) -> None:
    done = settings.apply(1, hops(20), ANNA)
    assert done["revision"] == 2 and done["reloaded"] == ["postfix"]
    assert fake(settings).reloaded[-1] == ["postfix"]
    assert "hops=20" in in_force(settings)
    change = setting_history.history(settings, None, 0, 10)["revisions"][0]
    assert (change["who"], change["where"]) == ("anna", "192.0.2.1")
    assert change["changes"] == [
        {"page": GENERAL, "key": "max_hops", "title": "Max message hops", "old": 50, "new": 20}
    ]
    assert settings.events.newest(1)[0]["text"] == "Applied: Max message hops."


def test_same_value_is_no_change(settings: Settings) -> None:
    assert settings.apply(1, hops(50), ANNA)["revision"] == 1


@pytest.mark.parametrize("value", [0, 1001, "many", None, 2.5, True])
def test_bad_value_names_its_field(settings: Settings, value: Any) -> None:
    with pytest.raises(Invalid) as caught:
        settings.apply(1, hops(value), ANNA)
    assert caught.value.field == "max_hops" and caught.value.setting == f"{GENERAL}.max_hops"
    assert settings.current().number == 1


def test_unknown_setting_is_refused(settings: Settings) -> None:
    with pytest.raises(Invalid) as caught:
        settings.apply(1, {GENERAL: {"max_hoops": 3}}, ANNA)
    assert caught.value.field == "max_hoops"


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("template", "check_failed"),
        ("write", "check_failed"),
        ("check", "check_failed"),
        ("reload", "reload_failed"),
        ("probe", "probe_failed"),
    ],
)
def test_a_failing_step_changes_nothing_and_names_the_setting(settings: Settings, step: str, code: str) -> None:
    fake(settings).breaks = step
    wanted = {"service.protocol": {"imap_enabled": False}, GENERAL: {"max_hops": 7}}
    with pytest.raises(ApplyFailed) as caught:
        settings.apply(1, wanted, ANNA)
    assert caught.value.code == code
    assert caught.value.setting == f"{GENERAL}.max_hops"
    assert caught.value.more["daemon"] == "postfix"
    assert "hops=50" in in_force(settings) and settings.current().number == 1
    assert [folder.name for folder in settings.folders.glob("rev-*")] == ["rev-1"]
    fake(settings).breaks = ""
    assert settings.apply(1, hops(8), ANNA)["revision"] > 1


def test_the_setting_at_fault_is_found_among_several_of_one_daemon(settings: Settings) -> None:
    fake(settings).bad_value = 13
    with pytest.raises(ApplyFailed) as caught:
        settings.apply(1, {GENERAL: {"max_message_mb": 12, "max_hops": 13}}, ANNA)
    assert caught.value.setting == f"{GENERAL}.max_hops"


def test_a_stale_writer_sees_what_the_other_changed(settings: Settings) -> None:
    settings.apply(1, {GENERAL: {"max_hops": 20, "max_message_mb": 99}}, ANNA)
    with pytest.raises(Stale) as caught:
        settings.apply(1, hops(30), BEN)
    told = {change["key"]: change for change in caught.value.more["changes"]}
    assert told["max_hops"]["theirs"] == 20 and told["max_hops"]["yours"] == 30 and told["max_hops"]["who"] == "anna"
    assert "yours" not in told["max_message_mb"]
    assert caught.value.more["current_revision"] == 2


@pytest.mark.parametrize(
    ("step", "there"),
    [
        ("write", False),
        ("check", False),
        ("before swap", False),
        ("after swap", True),
        ("reload", True),
        ("probe", True),
    ],
)
def test_power_cut_in_the_middle_is_wholly_there_or_wholly_not(
    settings: Settings, tmp_path: Path, step: str, there: bool
) -> None:
    fake(settings).dies = step
    with pytest.raises(PowerCut):
        settings.apply(1, hops(9), ANNA)
    again = open_again(tmp_path)
    assert [revision.state for revision in again.store.unfinished()] == [APPLYING]
    setting_start.start(again, tmp_path / "setup.json")
    assert again.values()[GENERAL]["max_hops"] == (9 if there else 50)
    assert ("hops=9 " in in_force(again)) is there
    assert again.store.unfinished() == []
    assert len(list(again.folders.glob("rev-*"))) == 1


def test_preview_shows_words_and_files_and_changes_nothing(settings: Settings) -> None:
    shown = setting_history.preview(settings, hops(20))
    assert shown["settings"][0]["new"] == 20
    assert shown["files"][0]["path"] == "postfix/main.cf" and "+hops=20" in shown["files"][0]["diff"]
    assert settings.current().number == 1


def test_put_back_one_page_and_all(settings: Settings) -> None:
    settings.apply(1, {GENERAL: {"max_hops": 20}, "service.protocol": {"imap_enabled": False}}, ANNA)
    setting_history.put_back(settings, 2, 1, GENERAL, BEN)
    now = settings.values()
    assert now[GENERAL]["max_hops"] == 50 and now["service.protocol"]["imap_enabled"] is False
    setting_history.put_back(settings, 3, 1, None, BEN)
    assert settings.values() == defaults()
    assert setting_history.history(settings, None, 0, 1)["revisions"][0]["note"] == "Put back to revision 1"


def test_put_back_from_before_an_upgrade_takes_defaults_and_names_what_is_gone(settings: Settings) -> None:
    old = defaults()
    del old[GENERAL]["max_hops"]
    old[GENERAL]["colour"] = "blue"
    number = settings.store.begin(time=1.0, who="anna", where="", note="", changes=[], settings=old)
    settings.store.finish(number, "applied")
    settings.apply(number, hops(20), ANNA)
    done = setting_history.put_back(settings, number + 1, number, None, ANNA)
    assert settings.values()[GENERAL]["max_hops"] == 50
    found = settings.store.get(done["revision"])
    assert found is not None and f"{GENERAL}.colour" in found.note


def test_a_setting_that_is_new_does_not_change_what_a_server_did_before() -> None:
    """A new server has the default; one that was set up before there was the setting goes on as it was."""
    stored = defaults()
    del stored["mail_delivery.security"]["own_senders"]
    assert defaults()["mail_delivery.security"]["own_senders"] is True
    assert complete(stored)["mail_delivery.security"]["own_senders"] is False
    assert complete(defaults()) == defaults()
    for (page, key), value in earlier().items():
        assert clean(page, {**defaults()[page], key: value})[key] == value != defaults()[page][key]


def test_setup_answers_become_the_first_revision(tmp_path: Path) -> None:
    (tmp_path / "setup.json").write_text('{"domain": "Example.COM", "hostname": "not a name"}')
    fresh = open_again(tmp_path)
    setting_start.start(fresh, tmp_path / "setup.json")
    assert fresh.values()[GENERAL]["domain"] == "example.com"
    assert fresh.values()[GENERAL]["hostname"] == defaults()[GENERAL]["hostname"]
