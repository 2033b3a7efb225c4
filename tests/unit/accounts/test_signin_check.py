"""Who may sign in, decided with everything faked beneath (rows AC06, AC11, AC12)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mailroom.accounts.signin.check import Attempt, SignIn
from mailroom.accounts.signin.failures import Failures
from mailroom.accounts.signin.known import Known, TableUnreadable
from mailroom.accounts.signin.pace import LEAST_S, Pace
from mailroom.accounts.signin.sessions import Sessions
from mailroom.accounts.sources.local import SourceUnreadable

OUTSIDE = "192.0.2.7"


class Time:
    def __init__(self) -> None:
        self.now_s, self.slept = 1_000_000.0, 0.0

    def now(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now_s += seconds


class Table:
    def __init__(self) -> None:
        self.rows = {
            "anna": Known("Anna", active=True, held=False, disabled=False),
            "bert": Known("bert", active=False, held=False, disabled=False),
            "carl": Known("carl", active=True, held=False, disabled=True),
        }
        self.readable = True

    def find(self, key: str) -> Known | None:
        if not self.readable:
            raise TableUnreadable("gone")
        return self.rows.get(key)

    def domains(self) -> list[str]:
        return [self.domain(), "other.example"]

    def domain(self) -> str:
        if not self.readable:
            raise TableUnreadable("gone")
        return "example.com"


class Users:
    def __init__(self) -> None:
        self.names = {"anna": "Anna", "bert": "bert", "carl": "carl", "fresh": "Fresh"}
        self.readable, self.version = True, 1

    def signature(self) -> int:
        if not self.readable:
            raise SourceUnreadable("gone")
        return self.version

    async def find(self, key: str) -> dict[str, Any] | None:
        if not self.readable:
            raise SourceUnreadable("gone")
        return {"name": self.names[key], "disabled": key == "carl"} if key in self.names else None


class Passwords:
    """Everybody's password is "right"."""

    def __init__(self, time: Time) -> None:
        self.time, self.asked, self.takes_s = time, [], 0.1
        self.answer: str | None = None

    async def check(self, user: str, password: str, address: str) -> str:
        self.asked.append(user)
        self.time.now_s += self.takes_s
        return self.answer or ("ok" if password == "right" else "bad")


class House:
    def __init__(self, tmp_path: Any) -> None:
        self.time, self.table, self.users = Time(), Table(), Users()
        self.passwords = Passwords(self.time)
        self.failures = Failures(tmp_path / "failures.json", self.time.now)
        self.sessions = Sessions(self.time.now)
        self.sign_in = SignIn(
            self.table, self.users, self.passwords, self.failures, self.sessions,
            Pace(lambda low, high: 0.0), self.time.now, self.time.sleep,
        )  # fmt: skip

    def tries(self, user: str, password: str, service: str = "imap", address: str = OUTSIDE) -> dict[str, Any]:
        return asyncio.run(self.sign_in.check(Attempt(user, password, service, address)))

    def answer(self, *attempt: str) -> str:
        return str(self.tries(*attempt)["answer"])


@pytest.fixture
def house(tmp_path: Any) -> House:
    return House(tmp_path)


def test_right_password_of_an_active_account(house: House) -> None:
    assert house.tries("ANNA", "right") == {"answer": "ok", "user": "anna", "address": "anna@example.com"}
    assert house.passwords.asked == ["Anna"], "the host is asked in its own spelling"


@pytest.mark.parametrize(
    ("user", "password", "answer"),
    [
        ("anna", "wrong", "bad"),
        ("anna@example.com", "right", "ok"),
        ("anna@other.example", "right", "ok"),
        ("anna@third.example", "right", "bad"),
        ("anna@elsewhere.net", "right", "bad"),
        ("nobody", "right", "bad"),
        ("bert", "right", "not_active"),
        ("fresh", "right", "not_active"),
        ("carl", "right", "disabled"),
    ],
)
def test_answers(house: House, user: str, password: str, answer: str) -> None:
    assert house.answer(user, password) == answer


@pytest.mark.parametrize("user", ["bert", "carl", "fresh", "nobody"])
def test_nothing_is_learnt_without_the_password(house: House, user: str) -> None:
    assert house.tries(user, "wrong") == {"answer": "bad", "user": user, "address": ""}


@pytest.mark.parametrize("service", ["imap", "pop3", "smtp", "sieve", "portal"])
def test_mail_services_need_an_active_account(house: House, service: str) -> None:
    assert house.answer("bert", "right", service) == "not_active"


def test_the_window_needs_a_user_of_the_host_only(house: House) -> None:
    house.table.readable = False
    assert house.answer("bert", "right", "window") == "ok"
    assert house.answer("carl", "right", "window") == "disabled"


@pytest.mark.parametrize("password", ["", "a\0b", "x" * 513])
def test_some_passwords_are_never_shown_to_the_host(house: House, password: str) -> None:
    assert house.answer("anna", password) == "bad"
    assert house.passwords.asked == []


def test_unreadable_table_is_temporary_and_not_counted(house: House) -> None:
    house.table.readable = False
    assert [house.answer("anna", "wrong") for _ in range(10)] == ["temp"] * 10


def test_unreadable_host_is_temporary_for_names_that_only_it_knows(house: House) -> None:
    house.users.readable = False
    assert house.answer("fresh", "right") == "temp"
    assert house.answer("anna", "right") == "ok"


def test_host_that_cannot_answer_is_temporary_and_not_counted(house: House) -> None:
    house.passwords.answer = "temp"
    assert [house.answer("anna", "right") for _ in range(10)] == ["temp"] * 10
    house.passwords.answer = None
    assert house.answer("anna", "right") == "ok"


def test_host_that_hangs_is_temporary(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: str) -> str:
        await asyncio.Event().wait()
        return "ok"

    monkeypatch.setattr("mailroom.accounts.signin.check.LIMIT_S", 0.01)
    monkeypatch.setattr(house.passwords, "check", hangs)
    assert house.answer("anna", "right") == "temp"


def test_nothing_is_remembered_after_a_good_sign_in(house: House) -> None:
    assert [house.answer("anna", word) for word in ("right", "garbage", "right", "garbage")] == [
        "ok", "bad", "ok", "bad",
    ]  # fmt: skip


def test_sixth_failure_makes_everybody_wait_on_that_account(house: House) -> None:
    assert [house.answer("anna", f"wrong {turn}") for turn in range(6)] == ["bad"] * 6
    told = house.tries("anna", "right", "imap", "198.51.100.1")
    assert told["answer"] == "blocked" and 0 < told["retry_after_s"] <= 5
    assert len(house.passwords.asked) == 6, "a held back attempt is not shown to the host"
    house.time.now_s += 6
    assert house.answer("anna", "right", "imap", "198.51.100.1") == "ok"


def test_unknown_names_count_for_the_address(house: House) -> None:
    for turn in range(6):
        house.answer(f"guess{turn}", "x")
    assert house.answer("anna", "right") == "blocked"
    assert house.answer("anna", "right", "imap", "198.51.100.1") == "ok"


def test_mapped_addresses_are_counted_as_one(house: House) -> None:
    for turn in range(6):
        house.answer(f"guess{turn}", "x", "imap", f"::ffff:{OUTSIDE}")
    assert house.answer("anna", "right") == "blocked"


def test_success_clears_the_account_and_not_the_address(house: House) -> None:
    for turn in range(5):
        house.answer("anna", f"wrong {turn}")
    house.answer("ben", "wrong")
    house.failures.unban("account", "ben")
    house.failures.counts["address", OUTSIDE].until_s = 0.0
    assert house.answer("anna", "right") == "ok"
    assert house.failures.counts.keys() == {("address", OUTSIDE)}
    assert house.failures.counts["address", OUTSIDE].failures == 1, "what others have added stays"


def test_parallel_guesses_are_counted_one_by_one(house: House) -> None:
    async def together() -> list[str]:
        attempts = (Attempt("anna", f"guess{turn}", "imap", "") for turn in range(40))
        return [told["answer"] for told in await asyncio.gather(*map(house.sign_in.check, attempts))]

    answers = asyncio.run(together())
    assert answers.count("bad") < 12 and len(house.passwords.asked) < 12
    assert house.sign_in.turns == {}


def test_every_refusal_takes_the_same_time(house: House) -> None:
    def took(user: str) -> float:
        started = house.time.now_s
        assert house.answer(user, "wrong") == "bad"
        house.failures.counts.clear()
        house.failures.tries.clear()
        return round(house.time.now_s - started, 6)

    assert {took(user) for user in ("anna", "bert", "fresh", "nobody", "")} == {LEAST_S}
    house.passwords.takes_s = 0.6
    for _ in range(3):
        house.answer("anna", "right")
    assert {took(user) for user in ("nobody", "anna", "bert")} == {0.6}


def test_a_token_opens_imap_and_smtp_from_this_machine(house: House) -> None:
    token = house.sessions.open("anna")
    assert [
        house.answer("anna", token, service, address) for service in ("imap", "smtp") for address in ("", "::1")
    ] == ["ok"] * 4
    assert house.passwords.asked == []


@pytest.mark.parametrize(
    ("user", "service", "address"), [("bert", "imap", ""), ("anna", "pop3", ""), ("anna", "imap", OUTSIDE)]
)
def test_a_token_opens_nothing_else(house: House, user: str, service: str, address: str) -> None:
    assert house.answer(user, house.sessions.open("anna"), service, address) in ("bad", "not_active")


def test_a_bad_token_is_no_guess(house: House) -> None:
    for _ in range(20):
        assert house.answer("anna", "mrs1." + "x" * 43, "imap", "127.0.0.1") == "bad"
    assert house.passwords.asked == [] and house.failures.counts == {}


def test_a_token_ends_with_the_session_the_account_and_the_day(house: House) -> None:
    first, second = house.sessions.open("anna"), house.sessions.open("anna")
    house.sessions.close(first)
    assert (house.answer("anna", first, "imap", ""), house.answer("anna", second, "imap", "")) == ("bad", "ok")
    house.table.rows["anna"] = Known("Anna", active=False, held=False, disabled=False)
    assert house.answer("anna", second, "imap", "") == "not_active"
    house.table.rows["anna"] = Known("Anna", active=True, held=False, disabled=False)
    house.time.now_s += 12 * 3600 + 1
    assert house.answer("anna", second, "imap", "") == "bad"
