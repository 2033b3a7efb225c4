"""Failed sign-ins are counted, waited out, listed and undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailroom.accounts.signin import failures
from mailroom.accounts.signin.failures import Failures, wait_after

NOW_S = 1_000_000.0


@pytest.fixture
def counted(tmp_path: Path) -> Failures:
    return Failures(tmp_path / "signin" / "failures.json", lambda: NOW_S)


def fail(counted: Failures, times: int, account: str = "anna", address: str = "192.0.2.7") -> None:
    for turn in range(times):
        counted.add(account, address, f"guess {turn}")


def test_waits_grow_to_a_quarter_of_an_hour() -> None:
    assert [wait_after(count) for count in (1, 5, 6, 7, 8, 13, 14, 1000)] == [0, 0, 5, 10, 20, 640, 900, 900]


def test_bans_are_listed_and_undone(counted: Failures) -> None:
    fail(counted, 7)
    assert counted.bans() == [
        {"kind": "account", "value": "anna", "failures": 7, "until": NOW_S + 10},
        {"kind": "address", "value": "192.0.2.7", "failures": 7, "until": NOW_S + 10},
    ]
    assert counted.unban("address", "192.0.2.7") and not counted.unban("address", "192.0.2.7")
    assert counted.retry_after_s("anna", "") == 10 and counted.retry_after_s("bert", "192.0.2.7") == 0


def test_a_restart_forgives_nobody(counted: Failures) -> None:
    fail(counted, 8)
    counted.save()
    again = Failures(counted.file, lambda: NOW_S)
    assert again.counts == counted.counts and again.retry_after_s("anna", "") == 20
    assert counted.file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[[1]]", '[["account", "a", {"x": 1}]]', "null"])
def test_a_broken_file_stops_nobody(counted: Failures, text: str) -> None:
    counted.file.parent.mkdir()
    counted.file.write_text(text)
    assert Failures(counted.file, lambda: NOW_S).counts == {}


def test_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "signin").write_text("a file where the folder should be")
    counted = Failures(tmp_path / "signin" / "failures.json", lambda: NOW_S)
    fail(counted, 6)
    counted.save()
    assert counted.retry_after_s("anna", "") == 5


def test_old_failures_are_forgotten(counted: Failures) -> None:
    fail(counted, 5)
    counted.now = lambda: NOW_S + 3601
    fail(counted, 1)
    assert counted.counts["account", "anna"].failures == 1


def test_a_file_of_an_earlier_version_forgives_nobody(counted: Failures) -> None:
    counted.file.parent.mkdir()
    counted.file.write_text(f'[["account", "anna", {{"failures": 8, "last_s": {NOW_S}, "until_s": {NOW_S + 20}}}]]')
    assert Failures(counted.file, lambda: NOW_S).retry_after_s("anna", "") == 20


def test_where_an_account_is_familiar_outlives_a_restart(counted: Failures) -> None:
    counted.succeeded("anna", "192.0.2.7")
    counted.save()
    again = Failures(counted.file, lambda: NOW_S)
    assert again.is_familiar("anna", "192.0.2.7") and not again.is_familiar("ben", "192.0.2.7")
    again.now = lambda: NOW_S + failures.FAMILIAR_S + 1
    assert not again.is_familiar("anna", "192.0.2.7")


def test_no_password_is_written_down(counted: Failures) -> None:
    counted.add("anna", "192.0.2.7", "a-Word-Of-Annas")
    counted.save()
    assert "a-Word-Of-Annas" not in counted.file.read_text() + repr(counted.tries)
    digest = next(iter(counted.tries["anna", "192.0.2.7"].wrong))
    assert digest.hex() not in counted.file.read_text()
    other = Failures(counted.file, lambda: NOW_S)
    other.add("anna", "192.0.2.7", "a-Word-Of-Annas")
    assert digest not in other.tries["anna", "192.0.2.7"].wrong, "the key is another one in each process"


def test_a_wait_at_a_familiar_address_is_listed_and_undone(counted: Failures) -> None:
    counted.succeeded("anna", "192.0.2.7")
    fail(counted, 7)
    counted.succeeded("anna", "198.51.100.1")
    assert counted.retry_after_s("anna", "192.0.2.7") == 10
    assert ("account", "anna") in {(ban["kind"], ban["value"]) for ban in counted.bans()}
    assert counted.unban("account", "anna") and counted.retry_after_s("anna", "192.0.2.7") == 0


def test_endless_names_do_not_fill_the_memory(counted: Failures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "KEPT_MAX", 100)
    for turn in range(500):
        counted.add(f"name{turn}", "", "guess")
    assert len(counted.counts) <= 101 and len(counted.tries) <= 101


def test_one_account_keeps_few_digests(counted: Failures) -> None:
    fail(counted, 500)
    assert len(counted.tries["anna", "192.0.2.7"].wrong) == failures.PASSWORDS_EACH_MAX
