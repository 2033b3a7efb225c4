"""Filters and the CSV file of Account > User (rows AC06, AC07)."""

from __future__ import annotations

import csv
import io

import pytest
from account_house import House, user

from mailroom.core.problems import Invalid
from mailroom.flows.account_export import MARK, exported


def names(page: dict) -> list[str]:
    return [one["name"] for one in page["users"]]


def test_users_are_filtered_by_their_states(synced: House) -> None:
    synced.activate("anna", "bert", "carl", "dora", "emil", "fred")
    page = synced.accounts.page
    assert names(page(info=["waiting"])) == ["fred"]
    assert names(page(info=["waiting", "not_activated"])) == ["admin", "fred"]
    assert page(info=["activated"], limit=2)["total"] == 5
    assert names(page(info=["activated"], search="bert", status=["normal"])) == ["bert"]
    assert names(page(status=["deactivated"])) == []


@pytest.mark.parametrize("field", ["info", "status"])
def test_a_state_that_does_not_exist_is_refused(synced: House, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        synced.accounts.page(**{field: ["asleep"]})
    assert refused.value.field == field and "Use one of" in refused.value.next


def test_the_file_holds_every_user_once_and_no_formula(house: House) -> None:
    host = house.host
    host.users = [user(f"user{number:04}", full_name='Weiß, "Übel"') for number in range(2_345)]
    host.users.append(user("zoe", full_name="=HYPERLINK(1)"))
    house.accounts.sync_now()
    text = exported(house.accounts.page)
    assert text.startswith(MARK)
    lines = list(csv.reader(io.StringIO(text.removeprefix(MARK))))
    assert lines[0][:3] == ["Username", "Name", "Email address"]
    assert [line[0] for line in lines[1:]] == sorted(one["name"] for one in host.users)
    assert lines[1][1:3] == ['Weiß, "Übel"', "user0000@example.com"]
    assert lines[-1][1] == "'=HYPERLINK(1)"
