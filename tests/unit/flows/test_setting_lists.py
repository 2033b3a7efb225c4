"""List settings: items are edited, compared and refused by themselves."""

from __future__ import annotations

from typing import ClassVar

import pytest

from mailroom.core import settings as declared
from mailroom.core.complaints import FIELDS_MAX
from mailroom.core.lists import Item, edited, is_edit, item_differences
from mailroom.core.problems import Invalid
from mailroom.core.settings import BadField, Page, setting
from mailroom.flows.setting import cleaned
from mailroom.flows.setting_difference import differences


class Rule(Item):
    title: ClassVar[str] = "Rule"
    name: str = setting("", "Name", group="", rows="", help="", min_length=1, max_length=20)
    pattern: str = setting("", "Pattern", group="", rows="", help="")


class Rules(Page):
    page: ClassVar[str] = "pretend.rules"
    menu: ClassVar[str] = "pretend"
    tab: ClassVar[str] = "rules"
    title: ClassVar[str] = "Rules"
    groups: ClassVar[dict[str, str]] = {"": "Rules"}

    rules: list[Rule] = setting([], "Rules", group="", rows="", help="", max_length=3)


@pytest.fixture(autouse=True)
def page(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {**declared.pages(), Rules.page: Rules}
    monkeypatch.setattr(declared, "pages", lambda: found)


def of(*items: tuple[str, str]) -> dict:
    rules = [{"id": name, "name": name.upper(), "pattern": pattern} for name, pattern in items]
    return {**declared.defaults(), Rules.page: {"rules": rules}}


def rules(values: dict) -> list[dict]:
    return values[Rules.page]["rules"]


def test_an_edit_touches_only_what_it_names() -> None:
    before = of(("a", "1"), ("b", "2"))
    edit = {"put": [{"id": "b", "name": "B", "pattern": "3"}, {"name": "new", "pattern": ""}], "drop": ["a"]}
    after = cleaned(before, {Rules.page: {"rules": edit}})
    kept, made = rules(after)
    assert kept == {"id": "b", "name": "B", "pattern": "3"}
    assert made["name"] == "new" and len(made["id"]) == 8
    assert rules(before) == rules(of(("a", "1"), ("b", "2")))


def test_an_order_moves_what_it_names_to_the_front() -> None:
    items = rules(of(("a", ""), ("b", ""), ("c", "")))
    assert [one["id"] for one in edited(items, {"order": ["c", "a"]})] == ["c", "a", "b"]


@pytest.mark.parametrize("edit", [{"drop": ["gone"]}, {"order": ["gone"]}])
def test_what_is_not_there_cannot_be_dropped_or_moved(edit: dict) -> None:
    with pytest.raises(Invalid, match="no item 'gone'"):
        edited(rules(of(("a", ""))), edit)


def test_a_whole_list_takes_the_place_of_the_former_and_gets_ids() -> None:
    after = cleaned(of(("a", "")), {Rules.page: {"rules": [{"name": "x", "pattern": ""}]}})
    assert [one["name"] for one in rules(after)] == ["x"] and rules(after)[0]["id"]


def test_a_refusal_names_item_and_field() -> None:
    with pytest.raises(Invalid) as refused:
        cleaned(of(("a", "")), {Rules.page: {"rules": {"put": [{"id": "a", "name": "", "pattern": ""}]}}})
    assert refused.value.more["fields"] == {"rules/a/name": "Enter at least 1 characters."}
    with pytest.raises(Invalid) as refused:
        cleaned(of(), {Rules.page: {"rules": [{"name": "a", "pattern": ""}] * 4}})
    assert list(refused.value.more["fields"]) == ["rules"]
    with pytest.raises(Invalid) as refused:
        cleaned(of(), {Rules.page: {"rules": ["nonsense"]}})
    assert list(refused.value.more["fields"]) == ["rules/0"]


def test_a_difference_tells_items_not_lists() -> None:
    found = differences(of(("a", "1"), ("b", "2")), of(("b", "2"), ("a", "9"), ("c", "")))
    assert len(found) == 1
    change = found[0]
    assert (change["old"], change["new"], change["moved"]) == (None, None, True)
    assert [(one["name"], bool(one["old"]), bool(one["new"])) for one in change["items"]] == [
        ("A", True, True),
        ("C", False, True),
    ]
    assert item_differences([], [], "name") == ([], False)


def test_what_an_edit_is() -> None:
    assert is_edit({"put": []}) and not is_edit({}) and not is_edit({"put": {}}) and not is_edit([])
    assert not is_edit({"put": [], "more": []})


def test_the_item_of_a_list_is_known() -> None:
    assert declared.item_of(Rules.page, "rules") is Rule
    assert declared.item_of("mail_delivery.general", "lan_networks") is None


def test_a_rule_across_fields_names_its_item(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict(Rule):
        def model_post_init(self, context: object) -> None:
            if self.pattern == self.name:
                raise BadField("pattern", "Choose another pattern.")

    class StrictRules(Rules):
        rules: list[Strict] = setting([], "Rules", group="", rows="", help="")

    found = {**declared.pages(), Rules.page: StrictRules}
    monkeypatch.setattr(declared, "pages", lambda: found)
    with pytest.raises(Invalid) as refused:
        cleaned(of(), {Rules.page: {"rules": [{"id": "q", "name": "same", "pattern": "same"}]}})
    assert refused.value.more["fields"] == {"rules/q/pattern": "Choose another pattern."}


def test_every_fault_of_every_item_is_named_at_once() -> None:
    wrong = [
        {"id": "a", "name": "sales team", "domain": "", "members": ["user:anna"]},
        {"id": "b", "name": "Müller", "domain": "", "members": ["foo"]},
        {"id": "c", "name": "", "domain": "", "members": []},
        {"id": "d", "name": "fine", "domain": "", "members": ["user:anna"]},
    ]
    with pytest.raises(Invalid) as refused:
        cleaned(declared.defaults(), {"mail_delivery.alias": {"aliases": wrong}})
    assert set(refused.value.more["fields"]) == {
        "aliases/a/name", "aliases/b/name", "aliases/b/members", "aliases/c/name", "aliases/c/members",
    }  # fmt: skip
    double = [{**wrong[3], "id": name} for name in "def"] + [
        {**wrong[3], "id": "g", "name": "x", "members": ["alias:y"]}
    ]
    with pytest.raises(Invalid) as refused:
        cleaned(declared.defaults(), {"mail_delivery.alias": {"aliases": double}})
    assert set(refused.value.more["fields"]) == {"aliases/e/name", "aliases/f/name", "aliases/g/members"}


def test_no_more_faults_are_told_than_anybody_reads() -> None:
    many = [{"id": f"x{n}", "name": "a b", "domain": "", "members": []} for n in range(5_000)]
    with pytest.raises(Invalid) as refused:
        cleaned(declared.defaults(), {"mail_delivery.alias": {"aliases": many}})
    assert len(refused.value.more["fields"]) == FIELDS_MAX
