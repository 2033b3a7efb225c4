"""All of a configuration, or everything as before: disks that fill up, errors nobody expected, killed processes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pretend import ANNA, GENERAL, PowerCut, fake, hops, in_force, open_again

from mailroom.core.problems import ApplyFailed, Unavailable
from mailroom.core.settings import AllValues
from mailroom.daemons.shape import DaemonFailed
from mailroom.flows import setting_start
from mailroom.flows.setting import Settings
from mailroom.store.settings import APPLIED, APPLYING, FAILED


@pytest.mark.parametrize("step", ["write", "check", "before swap"])
def test_a_full_disk_changes_nothing_and_says_so(settings: Settings, step: str) -> None:
    fake(settings).breaks, fake(settings).reason = step, OSError(28, "No space left on device")
    with pytest.raises(ApplyFailed) as caught:
        settings.apply(1, hops(9), ANNA)
    assert "No space left" in caught.value.message and "volume" in (caught.value.next or "")
    assert caught.value.setting is None, "no setting is at fault"
    assert "hops=50" in in_force(settings) and settings.current().number == 1


@pytest.mark.parametrize("step", ["check", "after swap", "reload", "probe"])
def test_an_error_nobody_expected_is_undone_too(settings: Settings, step: str) -> None:
    fake(settings).breaks, fake(settings).reason = step, RuntimeError("a fault in the program")
    with pytest.raises(RuntimeError):
        settings.apply(1, hops(9), ANNA)
    assert "hops=50" in in_force(settings) and settings.current().number == 1
    found = settings.store.get(2)
    assert found is not None and found.state == FAILED


def test_a_revision_that_cannot_be_closed_is_undone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = settings.store.finish

    def full(number: int, state: str, digests: dict[str, str] | None = None) -> None:
        raise Unavailable("The settings cannot be written.", code="disk")

    monkeypatch.setattr(settings.store, "finish", full)
    with pytest.raises(Unavailable):
        settings.apply(1, hops(9), ANNA)
    assert "hops=50" in in_force(settings) and settings.current().number == 1
    monkeypatch.setattr(settings.store, "finish", finish)
    setting_start.start(settings)
    found = settings.store.get(2)
    assert found is not None and found.state == FAILED


def test_an_event_that_cannot_be_written_undoes_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*words: object, **facts: object) -> int:
        raise Unavailable("The events cannot be written.", code="disk")

    monkeypatch.setattr(settings.events, "add", full)
    assert settings.apply(1, hops(9), ANNA)["revision"] == 2


def test_a_failed_probe_reloads_the_former_configuration(settings: Settings) -> None:
    fake(settings).breaks = "probe"
    with pytest.raises(ApplyFailed):
        settings.apply(1, hops(9), ANNA)
    assert fake(settings).reloaded[-2:] == [["postfix"], ["postfix"]]
    assert not settings.exchange.owed.exists()


@pytest.mark.parametrize("step", ["after swap", "reload", "probe"])
def test_a_job_process_killed_after_the_swap_makes_up_for_the_reload(
    settings: Settings, tmp_path: Path, step: str
) -> None:
    fake(settings).dies = step
    with pytest.raises(PowerCut):
        settings.apply(1, hops(9), ANNA)
    again = open_again(tmp_path)
    setting_start.start(again, tmp_path / "setup.json")
    assert fake(again).reloaded == [["postfix"]]
    setting_start.start(again, tmp_path / "setup.json")
    assert fake(again).reloaded == [["postfix"]], "once is enough"


def test_a_job_process_killed_while_undoing_makes_up_for_the_reload(settings: Settings, tmp_path: Path) -> None:
    configuration = fake(settings)
    configuration.breaks = "probe"
    reload, calls = configuration.reload, []

    def killed_at_the_second(daemons: list[str], facts: object) -> None:
        calls.append(daemons)
        if len(calls) == 2:
            raise PowerCut
        reload(daemons, facts)  # type: ignore[arg-type]

    configuration.reload = killed_at_the_second  # type: ignore[method-assign]
    with pytest.raises(PowerCut):
        settings.apply(1, hops(9), ANNA)
    again = open_again(tmp_path)
    setting_start.start(again, tmp_path / "setup.json")
    assert fake(again).reloaded == [["postfix"]] and "hops=50" in in_force(again)
    assert again.store.get(2).state == FAILED  # type: ignore[union-attr]


def test_a_daemon_that_is_newly_wanted_is_probed_and_blamed_on_its_switch(settings: Settings) -> None:
    settings.apply(1, {"security.antivirus": {"enabled": False}}, ANNA)
    configuration = fake(settings)
    configuration.breaks, configuration.reason = "probe", DaemonFailed("clamd is silent", daemon="clamd")
    with pytest.raises(ApplyFailed) as caught:
        settings.apply(2, {GENERAL: {"max_hops": 9}, "security.antivirus": {"enabled": True}}, ANNA)
    assert configuration.probed[-1] == ["postfix", "clamd"]
    assert caught.value.setting == "security.antivirus.enabled"


def test_what_daemons_look_up_is_prepared_before_the_swap(settings: Settings) -> None:
    seen: list[tuple[int, str]] = []

    def prepare(values: AllValues) -> None:
        seen.append((values[GENERAL]["max_hops"], in_force(settings)))

    settings.exchange.prepare = prepare
    settings.apply(1, hops(9), ANNA)
    assert [(number, "hops=50" in text) for number, text in seen] == [(9, True)]


def test_a_changed_host_is_rendered_again_under_the_same_revision(settings: Settings) -> None:
    (settings.folders / "rev-1" / "postfix" / "main.cf").write_text("as an older template had it\n")
    assert setting_start.refresh(settings) == ["postfix"]
    assert "hops=50" in in_force(settings) and settings.current().number == 1
    assert [folder.name for folder in settings.folders.glob("rev-*")] == ["rev-1.1"]
    assert setting_start.refresh(settings) == []


def test_a_start_goes_on_with_the_former_configuration_when_the_new_one_is_refused(settings: Settings) -> None:
    (settings.folders / "rev-1" / "postfix" / "main.cf").write_text("as an older template had it\n")
    fake(settings).breaks = "check"
    setting_start.start(settings)
    assert in_force(settings) == "as an older template had it\n"
    assert "was not renewed" in settings.events.newest(1)[0]["text"]
    assert [folder.name for folder in settings.folders.glob("rev-*")] == ["rev-1"]


def test_the_very_first_configuration_must_be_good(tmp_path: Path) -> None:
    fresh = open_again(tmp_path)
    fake(fresh).breaks = "check"
    with pytest.raises(ApplyFailed):
        setting_start.start(fresh, tmp_path / "setup.json")
    fake(fresh).breaks = ""
    setting_start.start(fresh, tmp_path / "setup.json")
    assert fresh.current().number == 1 and "hops=50" in in_force(fresh)


def test_power_cut_at_the_first_set_up(tmp_path: Path) -> None:
    fresh = open_again(tmp_path)
    fake(fresh).dies = "write"
    with pytest.raises(PowerCut):
        setting_start.start(fresh, tmp_path / "setup.json")
    again = open_again(tmp_path)
    setting_start.start(again, tmp_path / "setup.json")
    found = again.store.history(None, 0, 10)[1]
    assert [(revision.number, revision.state) for revision in found] == [(1, APPLIED)]
    assert len(list(again.folders.glob("rev-*"))) == 1


def test_power_cut_between_writing_the_first_revision_and_closing_it(tmp_path: Path) -> None:
    fresh = open_again(tmp_path)
    fresh.store.begin(
        time=1.0, who="Mailroom", where="", note="", changes=[], settings=setting_start.declared.defaults()
    )
    setting_start.start(fresh, tmp_path / "setup.json")
    assert fresh.current().number == 2
    assert fresh.store.get(1).state != APPLYING  # type: ignore[union-attr]
