"""Guessing, locking others out, and one office behind one router, with everything faked beneath."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from test_signin_check import House

from mailroom.accounts.signin import failures
from mailroom.accounts.signin.check import Attempt
from mailroom.core.net import counted_as

HOME, OFFICE = "198.51.100.1", "203.0.113.5"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:a::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::/64"),
        ("2002:c000:207:5::1", "192.0.2.7"),
        ("::1", "::1"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_what_an_address_is_counted_as(address: str, counted: str) -> None:
    assert counted_as(address) == counted


def test_a_network_of_ipv6_is_one_guesser(house: House) -> None:
    answers = [house.answer(f"name{turn}", "summer", "imap", f"2001:db8:1:2::{turn + 1:x}") for turn in range(40)]
    assert answers == ["bad"] * 6 + ["blocked"] * 34
    assert house.answer("anna", "right", "imap", "2001:db8:1:3::1") == "ok"


def test_strangers_do_not_lock_an_account_out_of_where_it_is_familiar(house: House) -> None:
    assert house.answer("anna", "right", "imap", HOME) == "ok"
    for turn in range(200):
        house.answer("anna", f"guess {turn}", "imap", f"192.0.2.{turn}")
    assert house.answer("anna", "right", "imap", "192.0.2.250") == "blocked"
    assert house.answer("anna", "right", "imap", HOME) == "ok"


def test_strangers_do_not_hold_up_an_account_where_it_is_familiar(house: House) -> None:
    """Many attempts on one account wait for each other; those of its owner are not among them."""
    assert house.answer("anna", "right", "imap", HOME) == "ok"

    async def hangs(user: str, password: str, address: str) -> str:
        if address != HOME:
            await asyncio.Event().wait()
        return "ok"

    async def attacked() -> str:
        house.passwords.check = hangs  # type: ignore[method-assign]
        guess = asyncio.create_task(house.sign_in.check(Attempt("anna", "guess", "imap", "192.0.2.9")))
        await asyncio.sleep(0)
        told = await asyncio.wait_for(house.sign_in.check(Attempt("anna", "right", "imap", HOME)), 2)
        guess.cancel()
        return str(told["answer"])

    assert asyncio.run(attacked()) == "ok"


def test_a_familiar_address_is_no_way_to_guess_on(house: House) -> None:
    house.answer("anna", "right", "imap", OFFICE)
    answers = [house.answer("anna", f"guess {turn}", "imap", OFFICE) for turn in range(40)]
    assert answers.count("bad") < 10


def test_one_device_with_an_old_password_holds_nobody_back(house: House) -> None:
    for _ in range(300):
        assert house.answer("anna", "old password", "imap", OFFICE) == "bad"
        house.time.now_s += 60
    assert house.answer("ben", "guess", "imap", OFFICE) == "bad"
    assert house.answer("anna", "right", "imap", OFFICE) == "ok"
    assert house.failures.bans() == []


def test_a_hurried_device_does_not_keep_the_host_busy(house: House) -> None:
    for _ in range(100):
        house.answer("anna", "old password", "imap", OFFICE)
    spent_s = house.time.now_s - 1_000_000
    assert len(house.passwords.asked) <= spent_s / failures.REPEATED_S + 1


def test_a_password_that_has_become_right_is_right_soon(house: House) -> None:
    assert house.answer("anna", "new", "imap", OFFICE) == "bad"
    house.passwords.answer = "ok"
    house.time.now_s += failures.REPEATED_S
    assert house.answer("anna", "new", "imap", OFFICE) == "ok"


def test_a_password_set_on_the_host_is_right_at_once(house: House) -> None:
    assert house.answer("anna", "new", "imap", OFFICE) == "bad"
    house.passwords.answer = "ok"
    assert house.answer("anna", "new", "imap", OFFICE) == "bad", "not shown to the host again"
    house.users.version += 1
    assert house.answer("anna", "new", "imap", OFFICE) == "ok"


def test_a_guesser_in_the_office_holds_back_none_who_work_there(house: House) -> None:
    assert house.answer("anna", "right", "imap", OFFICE) == "ok"
    for turn in range(40):
        house.answer(f"name{turn}", "summer", "imap", OFFICE)
    assert house.answer("fresh", "right", "imap", OFFICE) == "blocked"
    assert house.answer("anna", "right", "imap", OFFICE) == "ok"


def test_own_mistakes_are_forgiven_at_the_address(house: House) -> None:
    """Many people who mistype now and then, each of them getting in at last."""
    for turn in range(20):
        house.table.rows[f"user{turn}"] = house.table.rows["anna"]
        answers = [house.answer(f"user{turn}", word, "imap", OFFICE) for word in ("typo", "tyop", "right")]
        assert answers == ["bad", "bad", "ok"]


def test_nobody_learns_which_passwords_another_address_has_tried(house: House) -> None:
    """A device's old password, guessed from elsewhere, counts like any other guess."""
    house.answer("anna", "old password", "imap", HOME)

    def waits(guess: str, address: str) -> list[str]:
        house.failures.counts.clear()
        return [house.answer("anna", word, "imap", address) for word in ("a", "b", "c", "d", guess, "e", "f")]

    assert waits("old password", "192.0.2.1") == waits("another word", "192.0.2.2")


def test_an_unknown_name_is_held_back_like_a_known_one(house: House) -> None:
    def told(user: str, addresses: str) -> list[str]:
        return [house.answer(user, f"guess {turn}", "imap", f"{addresses}.{turn}") for turn in range(12)]

    assert told("anna", "192.0.2") == told("nobody", "198.51.100")
