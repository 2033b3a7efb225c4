"""The story of virus definitions, with a freshclam and an engine that pretend and a clock that tests turn."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pretend import ANNA

from mailroom.core import secrets
from mailroom.core.problems import Invalid
from mailroom.daemons.clamd.engine import Engine
from mailroom.daemons.clamd.freshclam import Run, Source
from mailroom.flows.definitions import AGAIN_MAX_S, FIRST_AFTER_S, Definitions, Ports
from mailroom.flows.setting import Settings

PAGE = "security.antivirus"
HOUR_S, DAY_S = 3_600.0, 86_400.0
REFUSED = Run(7, ("ERROR: Verification: Can't verify database integrity",))


class World:
    """A mirror, a folder, an engine and a clock."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.time, self.settings, self.folder = 1_790_000_000.0, settings, folder
        self.daily, self.served, self.loaded = "", "27800", ""
        self.run, self.until, self.free, self.total_mb = Run(0), 0.0, 50_000, 8_192
        self.asked: list[tuple[Source, int, bool]] = []
        self.reloads, self.takes = 0, True
        self.gate = threading.Event()
        self.gate.set()
        self.story = self.again()

    def again(self) -> Definitions:
        """As the next process has it."""
        ports = Ports(
            fetch=self.fetch,
            ask_engine=lambda: Engine("1.4.6", self.loaded),
            reload_engine=self.reload,
            definitions=self.found,
            wait_until=lambda: self.until,
            free_mb=lambda: self.free,
            memory=lambda: {"used_mb": 100, "total_mb": self.total_mb},
            pause=self.pass_,
        )
        return Definitions(self.settings, self.folder / "definitions.json", self, ports)

    def now(self) -> float:
        return self.time

    elapsed = now

    def pass_(self, seconds: float) -> None:
        self.time += seconds

    def fetch(self, source: Source, memory_mb: int, forget: bool) -> Run:
        assert self.gate.wait(20)
        self.asked.append((source, memory_mb, forget))
        self.until = 0.0 if forget else self.until
        if self.run.code == 0 and self.until <= self.time:
            self.daily = self.served
        return self.run

    def reload(self) -> bool:
        self.reloads += 1
        if self.takes:
            self.loaded = self.daily
        return True

    def found(self) -> dict[str, Any]:
        files = [{"name": "daily", "version": self.daily}] if self.daily else []
        state = "current" if files else "absent"
        return {"state": state, "version": self.daily or None, "definitions_date": self.time, "files": files}

    def apply(self, **values: Any) -> None:
        self.settings.apply(self.settings.current().number, {PAGE: values}, ANNA)

    def update(self, who: str = "anna") -> dict[str, Any]:
        """Update, and wait until that has ended."""
        self.story.update(who, "192.0.2.1")
        until = time.monotonic() + 20
        while self.story.since:
            assert time.monotonic() < until
            time.sleep(0.002)
        return self.story.read()

    def due_in(self) -> float | None:
        due = self.story.due(self.settings.values())
        return None if due is None else due - self.time

    def events(self) -> list[str]:
        return [one["text"] for one in self.settings.events.newest(kind="definitions")]


@pytest.fixture
def world(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(secrets, "KEY_FILE", tmp_path / "key")
    return World(settings, tmp_path)


def test_what_is_new_is_read_by_the_engine_and_told(world: World) -> None:
    """AV05, AV06."""
    assert world.story.read()["limited"]
    found = world.update()
    assert found["ok"] and not found["limited"] and world.reloads == 1
    assert found["engine"]["definitions"] == "27800" and found["checked"] == found["changed"] == found["tried"]
    assert world.events() == ["Virus definitions are updated to version 27800."]
    world.pass_(DAY_S)
    # Without news the engine is left alone; whoever has asked is told.
    found = world.update()
    assert world.reloads == 1 and found["checked"] > found["changed"]
    assert world.events()[0] == "There are no newer definitions."


def test_the_first_ones_come_soon_after_a_start_and_then_at_the_hour_that_is_set(world: World) -> None:
    """AV05."""
    assert world.due_in() == FIRST_AFTER_S
    world.update()
    due = world.due_in()
    assert due is not None and 0 < due <= DAY_S and time.localtime(world.time + due).tm_hour in (3, 4)
    world.apply(update_hour=15)
    due = world.due_in()
    assert due is not None and time.localtime(world.time + due).tm_hour == 15
    world.apply(update_every="6")
    again = world.due_in()
    assert again is not None and again <= 6 * HOUR_S and (due - again) % (6 * HOUR_S) == pytest.approx(0, abs=1)
    # Missed while the NAS was off: soon after the next start.
    world.pass_(3 * DAY_S)
    world.story = world.again()
    assert world.due_in() == FIRST_AFTER_S


def test_switched_off_none_comes_by_itself_and_somebody_can_still_ask(world: World) -> None:
    """AV06."""
    world.apply(auto_update=False)
    assert world.due_in() is None and not world.story.read()["auto"]
    assert world.update()["ok"]
    world.apply(enabled=False)
    with pytest.raises(Invalid):
        world.story.update()


def test_a_small_nas_is_not_filled_unasked(world: World) -> None:
    world.total_mb = 1_800
    assert world.due_in() is None and not world.story.read()["memory"]["enough"]
    world.update()
    # Whoever wanted them once wants them new.
    assert world.due_in() is not None


def test_what_fails_changes_nothing_and_is_tried_again_later_and_later(world: World) -> None:
    world.update()
    world.run, world.served = REFUSED, "27801"
    waits = []
    for _ in range(7):
        found = world.update()
        waits.append(world.due_in())
    assert waits[:3] == [HOUR_S, 2 * HOUR_S, 4 * HOUR_S] and waits[-1] == AGAIN_MAX_S
    assert not found["ok"] and "signature" in found["text"] and found["version"] == "27800" and world.reloads == 1
    assert "27801" not in str(world.events()) and "signature" in world.events()[0]
    # The next process remembers it, and what has been mended is tried soon.
    world.story = world.again()
    assert world.story.read()["failures"] == 7 and world.due_in() == AGAIN_MAX_S
    world.apply(mirror="http://mirror.example.com")
    assert world.due_in() == FIRST_AFTER_S
    world.run = Run(0)
    assert world.update()["failures"] == 0 and world.asked[-1][0].mirror == "http://mirror.example.com"


def test_a_reason_that_stays_is_written_down_once(world: World) -> None:
    world.run = REFUSED
    for _ in range(3):
        world.update("Mailroom")
    assert len(world.events()) == 1


def test_a_mirror_that_asks_to_wait_is_left_alone(world: World) -> None:
    """freshclam itself ends well when it has not even asked."""
    world.until = world.time + 7 * HOUR_S
    found = world.update()
    assert "asks to wait until" in found["text"] and world.due_in() == 7 * HOUR_S
    assert not world.asked[-1][2]
    # Another mirror has asked for nothing; and nobody asks for years.
    world.apply(mirror="http://mirror.example.com")
    world.update()
    assert world.asked[-1][2]
    world.until = world.time + 900 * DAY_S
    world.update()
    assert world.asked[-1][2]


def test_what_the_engine_does_not_take_is_told(world: World) -> None:
    world.takes = False
    found = world.update()
    assert not found["ok"] and "has not taken" in found["text"] and found["limited"]


def test_a_full_volume_is_told_before(world: World) -> None:
    world.free = 500
    found = world.update()
    assert world.asked == [] and "space" in found["text"] and "space" in found["next"]


def test_two_at_once_are_one(world: World) -> None:
    world.gate.clear()
    assert world.story.update("anna", "")["updating"]
    assert world.story.update("ben", "")["updating"]
    world.gate.set()
    world.update()
    assert len(world.asked) <= 2


def test_a_clock_that_was_wrong_does_not_stop_updates_for_years(world: World) -> None:
    world.time += 3_000 * DAY_S
    world.update()
    world.time -= 3_000 * DAY_S
    world.story = world.again()
    assert world.due_in() == FIRST_AFTER_S


def test_the_proxys_password_reaches_freshclam_and_nothing_else(world: World) -> None:
    proxy = {"proxy_server": "proxy.example.com", "proxy_account": "anna", "proxy_password": "geheim"}
    world.apply(proxy=True, proxy_port=8080, **proxy)
    world.update()
    source = world.asked[-1][0]
    assert source == Source("", "proxy.example.com", 8080, "anna", "geheim") and "geheim" not in repr(source)
    assert "geheim" not in str(world.story.read()) + (world.folder / "definitions.json").read_text()
    world.apply(proxy=False)
    world.update()
    assert world.asked[-1][0] == Source()


@pytest.mark.parametrize(
    "address",
    [
        "mirror.example.com",
        "ftp://mirror.example.com",
        "http://",
        "http://anna:geheim@mirror.example.com",
        "http://mirror.example.com/a b",
        "http://mirror.example.com/\nTestDatabases no",
        "http://mirror.example.com/?a=b",
        "http://mirror.example.com:0",
        "http://mirror.example.com:99999",
        "http://127.0.0.1/clamav",
        "http://localhost:8080",
        "http://[::1]/",
        "http://mir\u00adror.example.com",
        'http://mirror.example.com/"',
        "http://-x.example.com",
        "http://127.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_what_is_no_mirror_is_refused_at_its_field(world: World, address: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.apply(mirror=address)
    assert list(refused.value.more["fields"]) == ["mirror"]


def test_half_a_proxy_is_refused_at_its_field(world: World) -> None:
    for field, values in (
        ("proxy_server", {}),
        ("proxy_password", {"proxy_server": "proxy.example.com", "proxy_account": "anna"}),
        ("proxy_account", {"proxy_server": "proxy.example.com", "proxy_password": "geheim"}),
        ("proxy_password", {"proxy_server": "a.example", "proxy_account": "a", "proxy_password": 'ge"heim'}),
        ("proxy_server", {"proxy_server": "127.0.0.1"}),
    ):
        with pytest.raises(Invalid) as refused:
            world.apply(proxy=True, **values)
        assert list(refused.value.more["fields"]) == [field], values
