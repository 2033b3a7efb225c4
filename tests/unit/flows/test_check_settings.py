"""CK01: what differs from the suggested settings, what that means, fixing one or all, and taking it back."""

from __future__ import annotations

import re

import pytest
from pretend import ANNA

from mailroom.core import settings as declared
from mailroom.core.problems import Invalid, Stale
from mailroom.core.settings import defaults
from mailroom.flows import check_settings, setting_history
from mailroom.flows.setting import Settings

GENERAL, SPAM, AV = "mail_delivery.general", "security.spam", "security.antivirus"


def names(values: declared.AllValues) -> list[str]:
    return [f"{one['page']}.{one['key']}" for one in check_settings.compare(values)]


@pytest.mark.parametrize(("page", "key", "value"), list(check_settings.suggestions()))
def test_each_suggestion_can_be_applied_and_its_effect_is_one_sentence(page: str, key: str, value: object) -> None:
    values = {**defaults()[page], key: value}
    assert declared.clean(page, values)[key] == value
    effect = declared.schema_of(page)["properties"][key]["x-ui"]["effect"]
    assert re.fullmatch(r"[A-Z][^.!?]+\.", effect), effect


def test_a_setting_that_has_no_effect_is_not_told() -> None:
    values = defaults()
    values[SPAM].update(enabled=False, when_down="pass")
    assert f"{SPAM}.enabled" in names(values) and f"{SPAM}.when_down" not in names(values)


def test_one_is_fixed_and_the_others_stay(settings: Settings) -> None:
    base = settings.current().number
    settings.apply(base, {GENERAL: {"skip_auth_on_lan": True}, SPAM: {"threshold": 9.0}}, ANNA)
    done = check_settings.fix(settings, base + 1, [f"{SPAM}.threshold"], ANNA)
    assert [(one["key"], one["new"]) for one in done["changed"]] == [("threshold", 5.0)]
    assert settings.values()[GENERAL]["skip_auth_on_lan"] is True


def test_all_are_fixed_by_one_revision_and_put_back_by_one(settings: Settings) -> None:
    base = settings.current().number
    odd = {GENERAL: {"skip_auth_on_lan": True, "max_hops": 20}, SPAM: {"enabled": False, "when_down": "pass"}}
    settings.apply(base, odd, ANNA)
    before = settings.values()
    done = check_settings.fix(settings, base + 1, None, ANNA)
    assert (done["revision"], done["former"]) == (base + 2, base + 1)
    # What counts only now that the engine is on is put right, too; what nobody suggests stays.
    assert check_settings.read(settings)["differences"] == []
    assert settings.values()[GENERAL]["max_hops"] == 20
    setting_history.put_back(settings, done["revision"], done["former"], None, ANNA)
    assert settings.values() == before


def test_what_nobody_suggests_and_what_somebody_else_has_changed_is_refused(settings: Settings) -> None:
    base = settings.current().number
    with pytest.raises(Invalid) as refused:
        check_settings.fix(settings, base, [f"{GENERAL}.domain"], ANNA)
    assert refused.value.field == "settings"
    settings.apply(base, {GENERAL: {"max_hops": 20}}, ANNA)
    with pytest.raises(Stale):
        check_settings.fix(settings, base, None, ANNA)
    assert settings.values() == {**defaults(), GENERAL: {**defaults()[GENERAL], "max_hops": 20}}
