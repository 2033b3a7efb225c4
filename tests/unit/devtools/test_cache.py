"""The cache of built things: a changed key builds anew, an unchanged one does not, a broken thing is noticed."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from devtools import cache
from devtools.say import Stop

FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


class Builder:
    """Builds a small tree and counts how often it was asked to."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        (folder / "etc").mkdir()
        (folder / "etc/passwd").write_text("root:x:0:0\n")
        (folder / "etc/group").write_text("root:x:0:\n")
        (folder / "link").symlink_to("etc/passwd")


def test_an_unchanged_key_is_built_once_and_a_changed_one_again(tmp_path: Path) -> None:
    lock, build = tmp_path / "some.lock", Builder()
    lock.write_text("postfix 3.7.11\n")
    first = cache.built("root", cache.key_of([lock]), build)
    assert cache.built("root", cache.key_of([lock]), build) == first
    assert build.times == 1
    lock.write_text("postfix 3.7.12\n")
    second = cache.built("root", cache.key_of([lock]), build)
    assert second != first
    assert build.times == 2


def test_the_key_tells_where_one_part_ends() -> None:
    assert cache.key_of(["ab", "c"]) != cache.key_of(["a", "bc"])


def truncated(folder: Path) -> None:
    (folder / "etc/passwd").write_text("root")


def emptied(folder: Path) -> None:
    (folder / "etc/group").write_bytes(b"")


def lost(folder: Path) -> None:
    (folder / "etc/group").unlink()


def one_lost_and_another_added(folder: Path) -> None:
    (folder / "etc/group").rename(folder / "etc/gruop")


def added(folder: Path) -> None:
    (folder / "etc/shadow").write_text("")


def link_lost(folder: Path) -> None:
    (folder / "link").unlink()


def link_led_elsewhere(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("/etc/passwd")


def without_stamp(folder: Path) -> None:
    (folder / cache.STAMP).unlink()


def with_half_a_stamp(folder: Path) -> None:
    stamp = folder / cache.STAMP
    stamp.write_bytes(stamp.read_bytes()[:-3])


def with_a_stamp_of_zeros(folder: Path) -> None:
    stamp = folder / cache.STAMP
    stamp.write_bytes(bytes(stamp.stat().st_size))


@pytest.mark.parametrize(
    "damage",
    [
        truncated,
        emptied,
        lost,
        one_lost_and_another_added,
        added,
        link_lost,
        link_led_elsewhere,
        without_stamp,
        with_half_a_stamp,
        with_a_stamp_of_zeros,
    ],
)
def test_a_broken_thing_is_noticed_and_built_again(damage: Callable[[Path], None]) -> None:
    build = Builder()
    folder = cache.built("root", "abc", build)
    damage(folder)
    assert cache.built("root", "abc", build) == folder
    assert build.times == 2
    assert (folder / "etc/passwd").read_text() == "root:x:0:0\n"
    assert sorted(path.name for path in (folder / "etc").iterdir()) == ["group", "passwd"]


def test_bytecode_that_an_interpreter_left_is_no_damage() -> None:
    build = Builder()
    folder = cache.built("venv", "abc", build)
    (folder / "etc/__pycache__").mkdir()
    (folder / "etc/__pycache__/one.pyc").write_bytes(b"x")
    cache.built("venv", "abc", build)
    assert build.times == 1


def test_a_build_that_fails_leaves_nothing_that_counts_as_built() -> None:
    def fails(folder: Path) -> None:
        (folder / "half").write_text("")
        raise Stop("no network")

    with pytest.raises(Stop):
        cache.built("root", "abc", fails)
    build = Builder()
    folder = cache.built("root", "abc", build)
    assert build.times == 1
    assert not (folder / "half").exists()


def test_a_builder_that_was_killed_leaves_nothing_that_counts_as_built(own_cache: Path) -> None:
    begun = FORK.Event()

    def never_ends(folder: Path) -> None:
        (folder / "half").write_text("")
        begun.set()
        signal.pause()

    victim = FORK.Process(target=cache.built, args=("root", "abc", never_ends))
    victim.start()
    assert begun.wait(30)
    os.kill(victim.pid or 0, signal.SIGKILL)
    victim.join(30)
    assert victim.exitcode == -signal.SIGKILL
    (own_cache / ".root-other-abc.part").mkdir()
    build = Builder()
    folder = cache.built("root", "def", build)
    assert build.times == 1
    assert not (folder / "half").exists()
    assert [path.name for path in own_cache.glob(".*.part")] == [".root-other-abc.part"]


def builds_slowly(log: Path, begun: Event, go_on: Event) -> None:
    def build(folder: Path) -> None:
        with log.open("a") as lines:
            lines.write(f"{os.getpid()}\n")
        begun.set()
        assert go_on.wait(30)
        Builder()(folder)

    cache.built("root", "abc", build)


def test_of_two_builders_one_builds_and_the_other_gets_the_same(tmp_path: Path) -> None:
    begun, go_on, log = FORK.Event(), FORK.Event(), tmp_path / "log"
    both = [FORK.Process(target=builds_slowly, args=(log, begun, go_on)) for _ in range(2)]
    for one in both:
        one.start()
    assert begun.wait(30)
    go_on.set()
    for one in both:
        one.join(30)
    assert [one.exitcode for one in both] == [0, 0]
    assert len(log.read_text().splitlines()) == 1


def test_old_things_of_the_same_name_go_and_others_stay(own_cache: Path) -> None:
    build = Builder()
    other = cache.built("root-other", "abc", build)
    for age, key in enumerate(("k1", "k2", "k3")):
        os.utime(cache.built("root", key, build), (age, age))
    assert sorted(path.name for path in own_cache.glob("root-k*")) == ["root-k2", "root-k3"]
    assert other.exists()
