"""Policies of other domains outlive us, end in time, and never fill the disk (X06-07)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailroom.core.sts_policy import Policy
from mailroom.store.sts_policies import StsPolicyStore

NOW = 1_800_000_000.0
POLICY = Policy("enforce", 1_000, ("mx.a.example", "*.b.example"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sts.sqlite"


def test_kept_across_a_restart_until_its_end(file: Path) -> None:
    StsPolicyStore(file).put("a.example", "1", POLICY, NOW)
    store = StsPolicyStore(file)
    kept = store.get("a.example", NOW + 999)
    assert kept is not None and kept.policy == POLICY and (kept.id, kept.got, kept.ends) == ("1", NOW, NOW + 1_000)
    assert store.get("a.example", NOW + 1_000) is None and store.get("b.example", NOW) is None


def test_a_new_one_takes_the_place_of_the_former(file: Path) -> None:
    store = StsPolicyStore(file)
    store.put("a.example", "1", POLICY, NOW)
    store.put("a.example", "2", Policy("none", 5_000, ()), NOW + 10)
    kept = store.get("a.example", NOW + 4_000)
    assert kept is not None and kept.id == "2" and kept.policy.mode == "none"


def test_what_a_wrong_clock_has_kept_counts_for_nothing(file: Path) -> None:
    store = StsPolicyStore(file)
    store.put("a.example", "1", Policy("enforce", 30_000_000, ("mx.a.example",)), NOW + 1_000_000)
    assert store.get("a.example", NOW) is None


def test_only_so_many_and_those_that_have_ended_go(file: Path) -> None:
    store = StsPolicyStore(file, most=3)
    for at in range(6):
        store.put(f"{at}.example", "1", POLICY, NOW + at)
    assert [at for at in range(6) if store.get(f"{at}.example", NOW + 6)] == [3, 4, 5]
    store.put("new.example", "1", POLICY, NOW + 5_000)
    assert store.database.execute_sql("select count(*) from sts_policy").fetchone() == (1,)


def test_names_that_an_earlier_version_should_have_left_out(file: Path) -> None:
    store = StsPolicyStore(file)
    store.put("a.example", "1", Policy("enforce", 1_000, ("mx.a.example", "192.0.2.1")), NOW)
    store.put("b.example", "1", Policy("enforce", 1_000, ("192.0.2.1",)), NOW)
    kept = store.get("a.example", NOW)
    assert kept is not None and kept.policy.mx == ("mx.a.example",) and store.get("b.example", NOW) is None
