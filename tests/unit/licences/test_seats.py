"""Five free seats: who has one, who waits (rows LI01, LI02, LI04, SW12)."""

from __future__ import annotations

from dataclasses import replace

from mailroom.licences import seats, table
from mailroom.store.accounts import Account


def people(count: int) -> list[Account]:
    return [
        Account(key=f"user{number}", name=f"user{number}", uid=number, choice="activate", asked=float(number))
        for number in range(count)
    ]


def seated(accounts: list[Account]) -> list[str]:
    return [account.key.removeprefix("user") for account in accounts if account.seat]


def test_five_are_free() -> None:
    assert table.seats() == 5
    (free,) = table.licences()
    assert (free.key, free.quantity, free.activated, free.expiry, free.status) == (
        "DEFAULT FREE LICENSE", 5, "", "-", "Validated",
    )  # fmt: skip


def test_first_asked_first_served() -> None:
    asked_in_reverse = [replace(one, asked=-(one.asked or 0)) for one in people(7)]
    assert seated(seats.assign(people(7), 5)) == ["0", "1", "2", "3", "4"]
    assert seated(seats.assign(asked_in_reverse, 5)) == ["2", "3", "4", "5", "6"]


def test_a_freed_seat_goes_to_who_waited_longest() -> None:
    full = seats.assign(people(7), 5)
    full[2] = replace(full[2], choice="deactivate")
    assert seated(seats.assign(full, 5)) == ["0", "1", "3", "4", "5"]


def test_nobody_is_pushed_off_a_seat() -> None:
    full = seats.assign(people(6), 5)
    away = seats.assign([replace(full[0], disabled=True), *full[1:]], 5)
    assert seated(away) == ["1", "2", "3", "4", "5"]
    back = seats.assign([replace(away[0], disabled=False), *away[1:]], 5)
    assert seated(back) == ["1", "2", "3", "4", "5"] and back[0].choice == "activate"


def test_only_those_who_can_use_mail_count() -> None:
    odd = people(4)
    odd[0] = replace(odd[0], disabled=True)
    odd[1] = replace(odd[1], unusable="no")
    odd[2] = replace(odd[2], choice=None)
    assert seats.used(seats.assign(odd, 5)) == 1
    held = [replace(one, missing_since=1.0, seat=True) for one in people(1)]
    assert seats.used(seats.assign(held, 5)) == 1


def test_fewer_seats_than_before() -> None:
    assert seated(seats.assign(seats.assign(people(5), 5), 3)) == ["0", "1", "2"]
