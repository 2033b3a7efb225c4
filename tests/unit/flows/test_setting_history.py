"""History, preview and comparison."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pretend import ANNA, BEN, GENERAL, hops

from mailroom.core.problems import Invalid, NotFound, Stale
from mailroom.core.settings import defaults
from mailroom.flows import setting_history, setting_undo
from mailroom.flows.setting import Settings
from mailroom.store.settings import FAILED


def test_history_of_one_page_leaves_out_the_others(settings: Settings) -> None:
    """The very first is there for every page: it is what a page's first change is put back to."""
    settings.apply(1, hops(20), ANNA)
    settings.apply(2, {"service.protocol": {"imap_enabled": False}}, BEN)
    settings.apply(3, hops(30), BEN)
    found = setting_history.history(settings, GENERAL, 0, 10)
    assert found["total"] == 3 and [one["revision"] for one in found["revisions"]] == [4, 2, 1]
    assert [one["revision"] for one in setting_history.history(settings, GENERAL, 1, 1)["revisions"]] == [2]
    assert setting_history.history(settings, None, 0, 2)["total"] == 4


def test_compare_any_two(settings: Settings) -> None:
    settings.apply(1, hops(20), ANNA)
    settings.apply(2, {"service.protocol": {"imap_enabled": False}}, BEN)
    found = setting_history.compare(settings, 3, 1)
    assert {(one["key"], one["old"], one["new"]) for one in found["settings"]} == {
        ("max_hops", 20, 50),
        ("imap_enabled", False, True),
    }
    assert [file["path"] for file in found["files"]] == ["dovecot/dovecot.conf", "postfix/main.cf"] or [
        file["path"] for file in found["files"]
    ] == ["postfix/main.cf", "dovecot/dovecot.conf"]
    assert found["rendered_differently"] == []


def test_compare_says_when_a_daemon_was_rendered_differently_then(settings: Settings) -> None:
    settings.apply(1, hops(20), ANNA)
    settings.store.finish(2, "applied", {"postfix": "of an older template"})
    assert "postfix" in setting_history.compare(settings, 1, 2)["rendered_differently"]


def test_a_failed_revision_can_be_neither_compared_nor_put_back(settings: Settings) -> None:
    number = settings.store.begin(time=1.0, who="anna", where="", note="", changes=[], settings=defaults())
    settings.store.finish(number, FAILED)
    with pytest.raises(NotFound):
        setting_history.compare(settings, 1, number)
    with pytest.raises(NotFound):
        setting_history.put_back(settings, 1, number, None, ANNA)
    with pytest.raises(NotFound):
        setting_history.put_back(settings, 1, 99, None, ANNA)


def test_put_back_of_an_unknown_page(settings: Settings) -> None:
    with pytest.raises(NotFound):
        setting_history.put_back(settings, 1, 1, "no.page", ANNA)


def test_put_back_of_a_page_names_only_what_is_gone_there(settings: Settings) -> None:
    old = defaults()
    old[GENERAL].update(max_hops=20, colour="blue")
    old["service.protocol"]["gopher"] = True
    number = settings.store.begin(time=1.0, who="anna", where="", note="", changes=[], settings=old)
    settings.store.finish(number, "applied")
    settings.apply(number, hops(30), ANNA)
    done = setting_history.put_back(settings, number + 1, number, GENERAL, ANNA)
    note = setting_history.history(settings, None, 0, 1)["revisions"][0]["note"]
    assert done["changed"][0]["new"] == 20 and "colour" in note and "gopher" not in note


def test_preview_on_an_older_revision_is_refused_like_its_apply(settings: Settings) -> None:
    settings.apply(1, hops(20), ANNA)
    with pytest.raises(Stale):
        setting_history.preview(settings, hops(30), 1)
    assert setting_history.preview(settings, hops(30), 2)["settings"][0]["old"] == 20


def test_index_and_read(settings: Settings) -> None:
    index = setting_history.index(settings)
    assert index["revision"] == 1 and GENERAL in [page["id"] for page in index["pages"]]
    page = setting_history.read(settings, GENERAL)
    assert page["values"] == page["defaults"] == defaults()[GENERAL]
    assert page["schema"]["properties"]["max_hops"]["x-ui"]["rows"] == "DL06"
    with pytest.raises(NotFound):
        setting_history.read(settings, "no.page")


def test_the_history_lists_the_first_items_of_a_long_list_and_counts_the_others(settings: Settings) -> None:
    rules = [
        {"name": f"r{turn}", "enabled": True, "type": "ip", "criteria": f"192.0.2.{turn}", "action": "reject"}
        for turn in range(60)
    ]
    settings.apply(1, {"mail_delivery.lists": {"blacklist": rules}}, ANNA)
    (change,) = setting_history.history(settings, None, 0, 1)["revisions"][0]["changes"]
    assert len(change["items"]) == 50 and change["more"] == 10
    (whole,) = setting_history.compare(settings, 1, 2)["settings"]
    assert len(whole["items"]) == 60 and "more" not in whole


def test_a_check_says_what_an_apply_would_and_changes_nothing(settings: Settings) -> None:
    """Whatever is sent: the fields named are the same, and none when the Apply goes through."""
    chance = random.Random(47)
    names, members = ("sales", "info", "sales team", "Müller", ""), ("user:anna", "user:ben", "alias:sales", "foo")

    def alias(number: int) -> dict[str, Any]:
        chosen = chance.sample(members, chance.randint(0, 2))
        return {"id": f"a{number}", "name": chance.choice(names), "domain": "", "members": chosen}

    seen: set[bool] = set()
    for _ in range(200):
        wanted = {"mail_delivery.alias": {"aliases": [alias(number) for number in range(chance.randint(1, 3))]}}
        revision = settings.current().number
        told = setting_history.check(settings, wanted)["fields"]
        assert settings.current().number == revision
        try:
            settings.apply(revision, wanted, ANNA)
            refused = {}
        except Invalid as reason:
            refused = reason.more["fields"]
        assert told == refused
        seen.add(bool(told))
    assert seen == {True, False}


def test_undoing_one_change_leaves_what_came_since(settings: Settings) -> None:
    alias = {"id": "a", "name": "sales", "domain": "", "members": ["user:anna"]}
    settings.apply(1, {GENERAL: {"max_hops": 20}, "mail_delivery.alias": {"aliases": {"put": [alias]}}}, ANNA)
    other = {"id": "b", "name": "info", "domain": "", "members": ["user:ben"]}
    settings.apply(2, {"mail_delivery.alias": {"aliases": {"put": [other]}}, GENERAL: {"max_recipients": 7}}, BEN)
    shown = setting_undo.preview_undo(settings, 3, 2)["settings"]
    assert {one["key"] for one in shown} == {"max_hops", "aliases"}
    done = setting_undo.undo(settings, 3, 2, ANNA)
    now = settings.values()
    assert (now[GENERAL]["max_hops"], now[GENERAL]["max_recipients"]) == (50, 7)
    assert [one["id"] for one in now["mail_delivery.alias"]["aliases"]] == ["b"]
    setting_undo.undo(settings, done["revision"], done["revision"], ANNA)
    assert {one["id"] for one in settings.values()["mail_delivery.alias"]["aliases"]} == {"a", "b"}
    with pytest.raises(NotFound):
        setting_undo.undo(settings, settings.current().number, 1, ANNA)
    with pytest.raises(Stale):
        setting_undo.undo(settings, 2, 3, ANNA)


def test_undoing_a_change_of_an_item_leaves_what_came_to_it_since(settings: Settings) -> None:
    def put(base: int, **fields: Any) -> None:
        alias.update(fields)
        settings.apply(base, {"mail_delivery.alias": {"aliases": {"put": [dict(alias)]}}}, ANNA)

    alias: dict[str, Any] = {"id": "a", "name": "sales", "domain": "", "members": ["user:anna"]}
    put(1)
    put(2, name="shop")
    put(3, members=["user:anna", "user:ben"])
    setting_undo.undo(settings, 4, 3, ANNA)
    (now,) = settings.values()["mail_delivery.alias"]["aliases"]
    assert (now["name"], now["members"]) == ("sales", ["user:anna", "user:ben"])
    # What was removed since stays removed.
    settings.apply(5, {"mail_delivery.alias": {"aliases": {"drop": ["a"]}}}, ANNA)
    assert setting_undo.preview_undo(settings, 6, 3)["settings"] == []
