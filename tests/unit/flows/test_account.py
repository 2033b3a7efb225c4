"""The account story: who has a seat, what the page shows (rows AC06, AC07, LI01, LI02, SW12)."""

from __future__ import annotations

import pytest
from account_house import House, user

from mailroom.core.problems import Invalid
from mailroom.core.settings import defaults
from mailroom.flows.account_maps import texts
from mailroom.store.accounts import Account


def test_five_get_seats_the_sixth_waits(synced: House) -> None:
    told = synced.activate("anna", "bert", "carl", "dora", "emil", "fred")
    assert told["seats"] == {"total": 5, "used_before": 0, "used_after": 5}
    assert {one["name"]: one["after"] for one in told["users"]}["fred"] == "waiting"
    assert "fred@example.com" not in synced.map("recipients")
    freed = synced.accounts.apply({"bert": "deactivate"})
    assert {one["name"]: (one["before"], one["after"]) for one in freed["users"]} == {
        "bert": ("activated", "not_activated"), "fred": ("waiting", "activated"),
    }  # fmt: skip
    assert synced.map("recipients").keys() == {
        f"{name}@example.com" for name in ("anna", "carl", "dora", "emil", "fred")
    }


def test_a_preview_changes_nothing(synced: House) -> None:
    told = synced.accounts.preview({"anna": "activate"})
    assert told["users"] == [{"name": "anna", "before": "not_activated", "after": "activated", "why": ""}]
    assert synced.active() == []


def test_the_page(synced: House) -> None:
    synced.host.users[2]["disabled"] = True
    synced.host.users.append(user("jürgen"))
    synced.accounts.sync_now()
    synced.activate("anna", "bert")
    page = synced.accounts.page(sort="-name", limit=3)
    assert (page["total"], [one["name"] for one in page["users"]]) == (8, ["jürgen", "fred", "emil"])
    assert page["seats"] == {"total": 5, "used": 1, "unused": 4}
    found = {one["name"]: one for one in synced.accounts.page()["users"]}
    shown = {
        name: (found[name]["status"], found[name]["info"], found[name]["active"]) for name in ("anna", "bert", "jürgen")
    }
    assert shown == {
        "anna": ("normal", "activated", True),
        "bert": ("deactivated", "not_activated", False),
        "jürgen": ("unsupported", "not_activated", False),
    }
    assert found["bert"]["choice"] == "activate" and found["jürgen"]["address"] == "" and found["jürgen"]["why"]
    assert [one["name"] for one in synced.accounts.page(search="ANN")["users"]] == ["anna"]
    with pytest.raises(Invalid):
        synced.accounts.page(sort="password")


def test_licences(synced: House) -> None:
    synced.activate("anna")
    told = synced.accounts.operations()["licences.list"]()
    assert (told["total"], told["used"], told["unused"]) == (5, 1, 4)
    assert told["licences"][0]["key"] == "DEFAULT FREE LICENSE" and told["licences"][0]["status"] == "Validated"


def test_bad_choices_change_nothing(synced: House) -> None:
    with pytest.raises(Invalid) as problem:
        synced.accounts.apply({"anna": "activate", "nobody": "activate", "bert": "maybe"})
    assert problem.value.more["fields"].keys() == {"nobody", "bert"}
    assert synced.active() == []


def test_postmaster_is_the_first_active_administrator() -> None:
    def seat(name: str, asked: float, admin: bool = False) -> Account:
        return Account(name, name, 1, admin=admin, choice="activate", asked=asked, seat=True)

    people = [seat("anna", 1.0), seat("late", 9.0, True), seat("boss", 5.0, True)]
    assert texts(people, ["d.de"], defaults())["aliases"] == "abuse@d.de\tboss@d.de\npostmaster@d.de\tboss@d.de\n"
    assert texts(people[:1], ["d.de"], defaults())["aliases"] == "abuse@d.de\tanna@d.de\npostmaster@d.de\tanna@d.de\n"
    own = texts([*people, seat("postmaster", 10.0)], ["d.de"], defaults())
    assert own["aliases"] == "abuse@d.de\tboss@d.de\n" and "postmaster@d.de\tpostmaster\n" in own["senders"]
    assert texts([], ["d.de"], defaults())["aliases"] == ""


def test_roles_follow_the_administrators(synced: House) -> None:
    assert [synced.store.role(name) for name in ("Admin", "anna", "nobody")] == ["admin", "user", None]
