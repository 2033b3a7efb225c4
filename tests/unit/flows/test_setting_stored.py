"""What stands in the table of revisions is believed no more than what comes from outside."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from pretend import ANNA, GENERAL, fake, hops, in_force, open_again

from mailroom.core import settings as declared
from mailroom.core.problems import Invalid
from mailroom.core.settings import AllValues
from mailroom.flows import setting_start
from mailroom.flows.setting import Settings, checked
from mailroom.store.settings import APPLIED

DELIVERY = "mail_delivery.delivery"
EVIL = "ESMTP\nimport_environment = MAIL_CONFIG LD_PRELOAD=/tmp/e.so"


def plant(settings: Settings, **values: Any) -> AllValues:
    """A revision that nobody has applied, as somebody who can write the table would leave it."""
    wanted = copy.deepcopy(settings.values())
    for name, value in values.items():
        page, _, key = name.rpartition("__")
        wanted[page.replace("__", ".")][key] = value
    number = settings.store.begin(time=1.0, who="anna", where="", note="", changes=[], settings=wanted)
    settings.store.finish(number, APPLIED)
    return wanted


def test_a_planted_revision_is_not_rendered_and_the_configuration_in_force_stays(
    settings: Settings, tmp_path: Path
) -> None:
    before, rendered = in_force(settings), fake(settings).reloaded[:]
    plant(settings, mail_delivery__general__banner=EVIL, mail_delivery__general__max_hops=7)
    again = open_again(tmp_path)
    setting_start.start(again, tmp_path / "setup.json")
    assert in_force(again) == before and fake(again).reloaded == [] and fake(settings).reloaded == rendered
    told = again.events.newest(1)[0]
    assert "not renewed" in told["text"] and "General" in told["text"]


def test_no_apply_of_another_page_carries_it_along_and_correcting_it_does(settings: Settings) -> None:
    plant(settings, mail_delivery__general__banner=EVIL)
    with pytest.raises(Invalid) as caught:
        settings.apply(2, {"security.antivirus": {"enabled": False}}, ANNA)
    assert caught.value.setting == f"{GENERAL}.banner" and settings.current().number == 2
    assert settings.apply(2, {GENERAL: {"banner": "", "max_hops": 9}}, ANNA)["revision"] == 3
    assert "hops=9" in in_force(settings)


def test_a_failing_daemon_is_not_shown_the_planted_values_in_the_search_for_the_fault(settings: Settings) -> None:
    plant(settings, mail_delivery__general__banner=EVIL)
    fake(settings).bad_value = 9
    with pytest.raises(Exception, match="bad value"):
        settings.apply(2, {GENERAL: {"banner": "", **hops(9)[GENERAL], "max_message_mb": 9}}, ANNA)
    assert not any("import_environment" in file.read_text() for file in settings.folders.rglob("*.cf"))


def breaks(value: Any) -> list[Any]:
    """Values of the wrong kind, and the same with what ends a line in a configuration."""
    if isinstance(value, str):
        return [3, None, ["x"], f"{value or 'x'}\nevil = yes"]
    return ["x\nevil = yes", {"a": 1}, [{"id": "x\ny", "evil": "\n"}]]


@pytest.mark.parametrize(("page", "key", "title"), [*declared.each_setting()])
def test_each_stored_setting_is_checked(page: str, key: str, title: str) -> None:
    """Whatever the setting: another type, an unknown item or a second line is refused before it is rendered."""
    for value in breaks(declared.defaults()[page][key]):
        values = declared.defaults()
        values[page][key] = declared.from_store(page, key, value)
        try:
            found = checked(values)[page][key]
        except Invalid as reason:
            assert (reason.setting or "").startswith(f"{page}.")
        else:
            # A text of several lines may be one; nothing else is taken.
            assert isinstance(found, str) and isinstance(value, str), (page, key, value)


def test_a_secret_that_was_never_sealed_is_refused() -> None:
    values = declared.defaults()
    values[DELIVERY]["password"] = declared.from_store(DELIVERY, "password", "x\n[evil.example]\ta:b")
    with pytest.raises(Invalid) as caught:
        checked(values)
    assert caught.value.setting == f"{DELIVERY}.password"


def test_the_defaults_are_valid() -> None:
    assert checked(declared.defaults()) == declared.defaults()
