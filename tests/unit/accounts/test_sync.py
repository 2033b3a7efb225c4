"""The account table follows the host, and does not believe everything (rows AC01, AC07, AC11)."""

from __future__ import annotations

from typing import Any

from mailroom.accounts.sync import GONE_AFTER_S, plan
from mailroom.store.accounts import Account

NOW_S = 1_000_000.0


def user(name: str, uid: int = 0, **facts: Any) -> dict[str, Any]:
    uid = uid or 1026 + sum(map(ord, name))
    return {"name": name, "uid": uid, "full_name": "", "disabled": False, "groups": ["users"], **facts}


def table(*users: dict[str, Any], **facts: Any) -> list[Account]:
    return [
        Account(key=one["name"].lower(), name=one["name"], uid=one["uid"], groups=("users",), **facts) for one in users
    ]


ANNA, BERT, CARL = user("Anna"), user("bert"), user("carl")
TEN = [user(f"user{number}", 2000 + number) for number in range(10)]


def test_new_users_start_without_a_seat() -> None:
    found = plan([], [ANNA, user("boss", groups=["administrators"])], NOW_S)
    assert found.added == ["Anna", "boss"]
    assert {account.key: (account.admin, account.choice, account.active) for account in found.write} == {
        "anna": (False, None, False), "boss": (True, None, False),
    }  # fmt: skip


def test_nothing_new_writes_nothing() -> None:
    assert plan(table(ANNA, BERT), [BERT, ANNA], NOW_S).write == []


def test_a_change_keeps_choice_and_seat() -> None:
    known = table(ANNA, BERT, choice="activate", asked=5.0, seat=True)
    found = plan(known, [ANNA, {**BERT, "disabled": True}], NOW_S)
    assert found.changed == ["bert"] and [(one.disabled, one.choice, one.seat) for one in found.write] == [
        (True, "activate", True)
    ]


def test_a_removed_user_is_missing_then_forgotten() -> None:
    known = table(ANNA, BERT, choice="activate", seat=True)
    found = plan(known, [ANNA], NOW_S)
    assert found.missing == ["bert"] and found.gone == []
    held = found.write[0]
    assert held.held and not held.active
    late = plan([known[0], held], [ANNA], NOW_S + GONE_AFTER_S - 1)
    assert (late.write, late.gone) == ([], [])
    assert plan([known[0], held], [ANNA], NOW_S + GONE_AFTER_S).gone == ["bert"]
    back = plan([known[0], held], [ANNA, BERT], NOW_S + 60)
    assert back.returned == ["bert"] and back.write[0].active


def test_the_same_name_with_another_number_is_somebody_else() -> None:
    known = table(ANNA, BERT, choice="activate", asked=1.0, seat=True)
    found = plan(known, [ANNA, {**BERT, "uid": 5000}], NOW_S)
    assert [(one.uid, one.choice, one.seat) for one in found.write] == [(5000, None, False)]


def test_losing_everybody_is_refused() -> None:
    assert plan(table(ANNA), [], NOW_S).would_drop == ["Anna"]
    refused = plan(table(ANNA, BERT), [CARL], NOW_S)
    assert refused.refused and refused.write == [] and refused.would_drop == ["Anna", "bert"]
    assert plan([], [], NOW_S).refused, "a host without a single user was not read"


def test_losing_many_is_refused_and_few_is_not() -> None:
    assert not plan(table(*TEN), TEN[2:], NOW_S).refused
    refused = plan(table(*TEN), TEN[3:], NOW_S)
    assert refused.would_drop == ["user0", "user1", "user2"] and "3 of 10" in refused.refused
    assert not plan(table(ANNA, BERT, CARL), [ANNA], NOW_S).refused, "two of three are few"


def test_many_new_numbers_are_a_loss_too() -> None:
    shifted = [{**one, "uid": one["uid"] + 500} for one in TEN]
    assert len(plan(table(*TEN), shifted, NOW_S).would_drop) == 10


def test_an_approval_is_for_exactly_those_names() -> None:
    names = frozenset({"user0", "user1", "user2"})
    assert plan(table(*TEN), TEN[3:], NOW_S, names).missing == ["user0", "user1", "user2"]
    assert plan(table(*TEN), TEN[4:], NOW_S, names).refused
    assert plan(table(ANNA), [], NOW_S, frozenset({"Anna"})).missing == ["Anna"]


def test_names_that_cannot_be_addresses() -> None:
    found = {one.name: one for one in plan([], [user("jürgen"), user("ANNA", 3000), user("anna", 2000)], NOW_S).write}
    assert "not allowed" in found["jürgen"].unusable
    assert found["anna"].key == "anna" and not found["anna"].unusable
    assert found["ANNA"].key == "ANNA#3000" and "User anna already" in found["ANNA"].unusable
